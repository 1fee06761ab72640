// One row of table `log`: a part of what one transaction published. Rows are numbered densely from
// 1 (seq); a publication is one or several neighbouring rows, of which the last is final. Objects
// that lie in the row are listed in the head; `bodies` is their bytes, one after the other.
//
//   head    = kind u8 | time i64 | txn 16 | commit 32 | steps | settings | versions | objects |
//   checksum 16 kind      1 part, 2 final part, 3 ref settings (no transaction: txn and commit are
//   zero) steps   = varint n, then each: string name | row of the ref after it (ref_table.h) |
//   string operation
//             | old u8 (0 none, 1 follows), [old commit 32]
//   settings= varint n, then each: string name | row of the ref after it
//   versions= varint n, then each: table 16 | varint number | state 32
//   objects = varint n, then each: first 8 bytes of the id | varint length
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "meta/meta_store.h"
#include "meta/row_checksum.h"

namespace rhizo::meta {

// A ref as stored. A deleted ref keeps its row: its log goes on if it comes back.
struct RefRow {
  RefKind kind = RefKind::kBranch;
  std::optional<CommitId> commit;  // nothing: deleted
  uint64_t moves = 0;
  Timestamp moved_at;
  std::optional<Timestamp> expires;
  bool is_protected = false;
  friend bool operator==(const RefRow&, const RefRow&) = default;

  void EncodeTo(Encoder& out) const;
  static RefRow DecodeFrom(Decoder& in);
};

// Nothing if deleted.
std::optional<Ref> RefOf(std::string_view name, const RefRow& row);

struct RefStep {
  std::string ref;
  RefRow after;
  std::optional<CommitId> old_commit{};
  std::string operation{};
  friend bool operator==(const RefStep&, const RefStep&) = default;
};

struct RefSetting {
  std::string ref;
  RefRow after;
  friend bool operator==(const RefSetting&, const RefSetting&) = default;
};

struct VersionEntry {
  TableId table;
  uint64_t number = 0;
  ObjectId state;
  friend bool operator==(const VersionEntry&, const VersionEntry&) = default;
};

struct StoredObject {
  uint64_t key = 0;  // ObjectKey() of its id
  uint64_t length = 0;
  uint64_t offset = 0;  // in `bodies`; not stored, the sum of the lengths before
  friend bool operator==(const StoredObject&, const StoredObject&) = default;
};

enum class RecordKind : uint8_t { kPart = 1, kFinal = 2, kSettings = 3 };

struct LogRecord {
  RecordKind kind = RecordKind::kFinal;
  Timestamp time{};
  TxnId txn{};
  CommitId commit{};
  std::vector<RefStep> steps{};
  std::vector<RefSetting> settings{};
  std::vector<VersionEntry> versions{};
  std::vector<StoredObject> objects{};
  friend bool operator==(const LogRecord&, const LogRecord&) = default;

  uint64_t BodiesBytes() const;
  RefLogEntry StepAt(size_t ordinal) const;
  TableVersion VersionAt(size_t ordinal) const;
};

SealedRow SealRecord(uint64_t seq, const LogRecord& record);
Result<LogRecord> OpenRecord(uint64_t seq, std::string_view head);
// Also the hash that the log's sum counts.
Result<LogRecord> OpenRecord(uint64_t seq, std::string_view head, Hash256& hash);

// Where a thing lies: a row of the log, and its number within its kind there.
struct Place {
  uint64_t seq = 0;
  uint16_t ordinal = 0;
  friend auto operator<=>(const Place&, const Place&) = default;
};

inline constexpr size_t kMaxOrdinals = 1000;  // things of one kind in one row

// Keys under which things are found: the first eight bytes, big endian, of an object's id or of
// BLAKE3(letter | ...): 't', txn; 'r', number u64, ref; 'v', number u64, table. Two things may
// share a key: whoever finds one looks whether it is the one that was meant.
uint64_t ObjectKey(const ObjectId& id);
uint64_t TxnKey(const TxnId& txn);
uint64_t StepKey(std::string_view ref, uint64_t number);
uint64_t VersionKey(const TableId& table, uint64_t number);

// Calls visit(key, ordinal) for everything in the record that can be looked for.
template <class Visit>
void ForEachKey(const LogRecord& record, Visit visit) {
  auto ordinal = [](size_t i) { return static_cast<uint16_t>(i); };
  if (record.kind == RecordKind::kFinal) visit(TxnKey(record.txn), uint16_t{0});
  for (size_t i = 0; i < record.steps.size(); ++i) {
    visit(StepKey(record.steps[i].ref, record.steps[i].after.moves), ordinal(i));
  }
  for (size_t i = 0; i < record.versions.size(); ++i) {
    visit(VersionKey(record.versions[i].table, record.versions[i].number), ordinal(i));
  }
  for (size_t i = 0; i < record.objects.size(); ++i) visit(record.objects[i].key, ordinal(i));
}

}  // namespace rhizo::meta
