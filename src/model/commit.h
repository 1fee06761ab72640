// A version of the whole database: a state, where it came from, and what was done. Immutable; named
// by the BLAKE3 of its bytes. Regular value types; stored as an object (docs/format/commit.md).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/id.h"
#include "base/result.h"
#include "model/features.h"

namespace rhizo::model {

// The numbers are stored: append, never renumber.
enum class ChangeKind : uint8_t {
  kCreate = 1,
  kWrite = 2,  // the table's rows became others
  kAppend = 3,
  kUpdate = 4,  // rows changed, came or went one by one
  kDrop = 5,
  kRename = 6,
  kSchema = 7,   // fields, key, policies, rules
  kCompact = 8,  // layout only
  kMerge = 9,
};
// "create", "write", ...: as the changelog shows it.
std::string_view ChangeKindName(ChangeKind kind);

// What a commit did to one table, against its first parent.
struct TableSummary {
  TableId table;
  std::string name;  // qualified, after the commit (before it, if dropped)
  ChangeKind kind = ChangeKind::kWrite;
  uint64_t rows_added = 0;
  uint64_t rows_removed = 0;
  uint64_t rows_updated = 0;
  bool replacement = false;          // merge.md, rule 2.8
  bool replacement_settled = false;  // a user merge that decided one
  friend bool operator==(const TableSummary&, const TableSummary&) = default;
};

// Facts that later releases add. A reader that does not know a critical one refuses the commit.
struct Extension {
  bool critical = false;
  std::string value;
  friend bool operator==(const Extension&, const Extension&) = default;
};

struct Commit {
  uint32_t format = kFormat;
  DatabaseId database;
  std::vector<CommitId> parents;  // in order, distinct; none: the root commit
  uint64_t generation = 0;        // root 0, else 1 + the greatest of the parents'
  ObjectId state_root;            // database state; zero reads as empty
  TxnId txn;
  Timestamp time;
  std::string author;
  std::string message;
  std::map<std::string, std::string> metadata;
  std::vector<TableSummary> tables;    // sorted by table id; at most one per table
  std::optional<uint32_t> law_number;  // of an automatic merge
  std::map<std::string, Extension> extensions;
  friend bool operator==(const Commit&, const Commit&) = default;
};

std::string Encode(const Commit& commit);
// kUnsupported for a newer format or an unknown critical extension, kCorruption for anything else.
Result<Commit> DecodeCommit(std::string_view bytes);
CommitId CommitIdOf(std::string_view encoded);
// The same 32 bytes: a commit is an object.
inline ObjectId AsObjectId(const CommitId& id) { return ObjectId::FromBytes(id.view()); }

// The commit a database begins with: no parents, empty state.
Commit RootCommit(const DatabaseId& database, Timestamp time);

}  // namespace rhizo::model
