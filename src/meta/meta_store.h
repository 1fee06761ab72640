// The one mutable thing: refs (branches, tags), and beside them what only the publishing
// transaction can hand out: versions, the ref log, which transactions landed, and the small objects
// of commits. Implementations: SQLite, memory; thread-safe. Contract suite:
// meta/testing/meta_store_contract.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"

namespace rhizo::meta {

enum class RefKind : uint8_t { kBranch = 1, kTag = 2, kRemote = 3, kScratch = 4 };

struct Ref {
  std::string name;
  RefKind kind = RefKind::kBranch;
  CommitId commit;
  uint64_t moves = 0;  // entries in this ref's log, at least 1
  std::optional<Timestamp>
      expires;                // after it the ref may be swept; it is still readable till then
  bool is_protected = false;  // refuses moves that are not fast-forward, and deletion
  friend bool operator==(const Ref&, const Ref&) = default;
};

// One step of a ref. Steps of one ref are numbered from 1; times strictly rise along them.
struct RefLogEntry {
  std::string ref;
  uint64_t number = 0;
  std::optional<CommitId> old_commit;  // nothing: the ref was created
  std::optional<CommitId> new_commit;  // nothing: the ref was deleted
  Timestamp time;
  std::string operation;  // "commit", "branch", "delete", "fast-forward", ...
  TxnId txn;
  friend bool operator==(const RefLogEntry&, const RefLogEntry&) = default;
};

// A version of a table: number n (from 1, per table id, over all branches) is this table state,
// published with this commit.
struct TableVersion {
  TableId table;
  uint64_t number = 0;
  CommitId commit;
  ObjectId state;
  friend bool operator==(const TableVersion&, const TableVersion&) = default;
};

// Moves a ref. `expected` must be what the ref points to now (nothing: it must not exist).
struct RefMove {
  std::string ref;
  RefKind kind = RefKind::kBranch;  // used when the ref is created
  std::optional<CommitId> expected;
  std::optional<CommitId> target;  // nothing: delete
  std::string operation;
};

struct NewObject {
  ObjectId id;
  std::string_view bytes;  // at most object::kSmallObjectBytes
};

struct NewVersion {
  TableId table;
  ObjectId state;
};

// What one transaction publishes; all or nothing.
struct Publication {
  TxnId txn;
  bool txn_from_caller = false;  // then "was it used before?" is proved, not assumed
  CommitId commit;               // zero if only refs move
  Timestamp time;                // the ref log takes max(time, last time of that ref + 1)
  std::vector<NewObject> objects;
  std::vector<RefMove> moves;
  std::vector<NewVersion> versions;
};

struct Published {
  std::vector<uint64_t> version_numbers;  // parallel to Publication::versions
};

// How a transaction id ended.
struct LandedTransaction {
  CommitId commit;  // zero if it only moved refs
  Timestamp time;
};

// Read-write access under the writer lock; one at a time over all processes. Reads see what Publish
// added. Destroying without Commit() rolls back everything.
class WriteSession {
 public:
  virtual ~WriteSession() = default;
  virtual Result<std::optional<Ref>> ReadRef(std::string_view name) = 0;
  // kConflict (field "ref", "head") if a ref is not where it was expected, kAlreadyExists if the
  // txn id landed before; after either nothing of this publication is applied and the session goes
  // on.
  virtual Result<Published> Publish(const Publication& publication) = 0;
  // Changes expiry and protection of an existing ref (not logged as a move).
  virtual Status SetRefOptions(std::string_view name, std::optional<Timestamp> expires,
                               bool is_protected) = 0;
  // Durable when it returns OK. kCommitUnknown if it cannot be said whether it landed.
  virtual Status Commit() = 0;
};

class MetaStore {
 public:
  virtual ~MetaStore() = default;
  // A small object, verified; kObjectNotFound if this store has none of that id (it may be a large
  // one; if it is in no store, that is damage).
  virtual Result<std::string> GetObject(const ObjectId& id) = 0;
  // Absence is proved (digests are checked) before nothing is answered.
  virtual Result<std::optional<Ref>> ReadRef(std::string_view name) = 0;
  virtual Result<std::vector<Ref>> ListRefs() = 0;
  // Entries `from`..`to` (inclusive, clipped) of one ref's log, ascending. Also of deleted refs.
  virtual Result<std::vector<RefLogEntry>> ReadRefLog(std::string_view ref, uint64_t from,
                                                      uint64_t to) = 0;
  virtual Result<std::optional<LandedTransaction>> FindTransaction(const TxnId& txn) = 0;
  // Versions `from`..`to` (inclusive, clipped) of one table, ascending.
  virtual Result<std::vector<TableVersion>> ReadVersions(const TableId& table, uint64_t from,
                                                         uint64_t to) = 0;
  // kBusy after `timeout`.
  virtual Result<std::unique_ptr<WriteSession>> BeginWrite(std::chrono::milliseconds timeout) = 0;
  // A number that changes when anybody published something; costs about a microsecond.
  virtual Result<uint64_t> ChangeCounter() = 0;

  // The greatest version number of a table; 0 if it has none.
  virtual Result<uint64_t> LastVersion(const TableId& table) = 0;
  // The greatest version number of a table when `txn` landed, its own included; LastVersion if it
  // never did. Costs O(log n) of the table's versions.
  virtual Result<uint64_t> LastVersionAsOf(const TableId& table, const TxnId& txn) = 0;
  // Up to `limit` ids of small objects whose lower-case hex begins with `hex_prefix` (7 to 64
  // digits), for ids that users shorten. Costs O(log n + found), not a scan.
  virtual Result<std::vector<ObjectId>> FindObjects(std::string_view hex_prefix, size_t limit) = 0;
  // Every small object, in no order, until `visit` returns false.
  virtual Status ListObjects(
      const std::function<bool(const ObjectId&, uint64_t size_bytes)>& visit) = 0;
  // Reads and checks everything this store holds (checksums, digests, object ids, numbering). Calls
  // `report` with (object id in hex, whole or its first digits, or "rhizo.db"; problem) for each
  // fault and goes on; an error only if it could not look.
  virtual Status Verify(
      const std::function<void(std::string_view what, std::string_view problem)>& report) = 0;
  // Bytes on disk, logs included.
  virtual Result<uint64_t> SizeBytes() = 0;
  // Whether something was published with durability "none" since the last full commit or Flush():
  // then objects, too, must be made durable before the next full commit.
  virtual Result<bool> HasUnsynced() = 0;
  // Makes everything published so far durable, also after durability "none".
  virtual Status Flush() = 0;
};

}  // namespace rhizo::meta
