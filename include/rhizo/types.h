// What the database tells about itself. Ids are lower-case hex; times are microseconds since
// 1970-01-01 UTC.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rhizo {

struct ColumnInfo {
  std::string name;
  std::string type;  // the engine's spelling: "BIGINT", "DECIMAL(10,2)", "VARCHAR[]"
  bool nullable = true;
};

struct TableInfo {
  std::string name;
  std::string table_id;
  std::vector<ColumnInfo> columns;
  std::vector<std::string> key;
  std::vector<std::string> checks;                 // SQL conditions
  std::map<std::string, std::string> defaults;     // column -> SQL constant, where there is one
  std::map<std::string, std::string> merge_rules;  // column -> rule, where it is not "conflict"
  bool row_is_unit = false;                        // any two changes of one row contradict
  bool delete_wins = false;                        // a delete beats a change of the same row
  uint64_t rows = 0;
  uint64_t segments = 0;
  uint64_t bytes = 0;    // of its segments, each once
  uint64_t version = 0;  // 0: not published yet
  std::string commit;    // that published this version
};

struct VersionInfo {
  uint64_t version = 0;
  std::string commit;
  int64_t time_micros = 0;
  std::string operation;  // "create", "write", "append", ...
  std::string author;
  std::string message;
  uint64_t rows = 0;
};

struct TableChange {
  std::string table;
  std::string operation;  // "create", "write", "append", "rename", "drop", "schema"
  uint64_t version = 0;   // 0 for a drop
  uint64_t rows_added = 0;
  uint64_t rows_removed = 0;
  uint64_t rows_updated = 0;  // rows that stayed, with another value in some column
};

// What differs in one table between two points of history.
struct TableDiff {
  std::string table;      // its name at the later point (at the earlier one, if it was dropped)
  std::string operation;  // "create", "drop", "rename", "change"
  std::string old_name;   // where it was called otherwise, else ""
  uint64_t rows_inserted = 0;
  uint64_t rows_updated = 0;
  uint64_t rows_deleted = 0;
  std::vector<std::string> schema_changes;  // a line each: "column \"x\" added, BIGINT"
};

struct CommitInfo {
  std::string id;
  std::vector<std::string> parents;
  std::string txn_id;
  int64_t time_micros = 0;
  std::string author;
  std::string message;
  std::map<std::string, std::string> metadata;
  std::vector<TableChange> tables;
  std::vector<std::string> refs;  // that point to it
  std::string picked_from;        // of a pick: the commit that made the change first; else ""
};

struct BranchInfo {
  std::string name;
  std::string commit;
  std::optional<int64_t> expires_micros;
  bool is_protected = false;
};

struct TagInfo {
  std::string name;
  std::string commit;
};

struct RefLogInfo {
  std::string ref;
  uint64_t number = 0;
  std::string old_commit;  // "": created
  std::string new_commit;  // "": deleted
  int64_t time_micros = 0;
  std::string operation;
  std::string txn_id;
};

// Of one written table.
struct WriteResult {
  std::string table;
  uint64_t version = 0;  // 0 inside a transaction: known after commit
  std::string commit;    // "" inside a transaction
  bool changed = false;  // false: the table was equal already, nothing was committed
  uint64_t rows = 0;     // of the table, or appended
  uint64_t rows_inserted = 0;
  uint64_t rows_updated = 0;
  uint64_t rows_deleted = 0;
  uint64_t rows_unchanged = 0;  // that were there and stay as they are
  uint64_t segments_new = 0;
  uint64_t segments_reused = 0;
  uint64_t new_bytes = 0;
  uint64_t reused_bytes = 0;
  std::string base;  // the commit it was compared with
};

struct CommitResult {
  std::string commit;  // "" if nothing changed
  std::string txn_id;
  bool changed = false;
  std::vector<WriteResult> tables;
};

enum class TxnOutcome { kCommitted, kNotLanded, kUndecided };
struct Resolution {
  TxnOutcome outcome = TxnOutcome::kNotLanded;
  std::string commit;  // kCommitted
};

// A table that both sides changed.
struct MergedTable {
  std::string table;
  uint64_t entries_read = 0;  // segments of both sides that differed
  uint64_t cells = 0;         // that both sides touched
  uint64_t conflicts = 0;     // of rows and cells
  uint64_t settled = 0;       // contradictions that the strategy decided
  // What contradicts in the table as a whole, made a strategy take it whole, or was left out by
  // one.
  std::vector<std::string> problems;
};

// Where a branch was moved.
struct HeadMove {
  std::string commit;  // afterwards
  std::string before;
  bool changed = false;
  std::vector<MergedTable> tables;  // in which a strategy decided something, commit by commit
};

// Who is right where both sides of a merge contradict each other.
enum class MergeStrategy { kFail, kOurs, kTheirs };

struct MergeOptions {
  std::string into;  // a branch; "": the session's
  MergeStrategy strategy = MergeStrategy::kFail;
  std::map<std::string, MergeStrategy> tables;  // instead of `strategy`, by table
  std::map<std::pair<std::string, std::string>, MergeStrategy> columns;  // by (table, column)
  bool no_fast_forward = false;  // a commit of its own also where the branch could just move
  std::string message;           // makes it one too
};

struct MergeResult {
  std::string commit;  // the branch's head afterwards
  bool changed = false;
  bool fast_forward = false;
  uint64_t conflicts = 0;  // of rows, cells and tables; only a merge that was tried has any
  std::vector<MergedTable> tables;
  std::vector<TableDiff> changes;  // TryMerge: of the branch, in tables that do not contradict
};

// Storage of a whole database.
struct DatabaseStats {
  uint64_t tables = 0;  // of the session's branch
  uint64_t branches = 0;
  uint64_t tags = 0;
  uint64_t rows = 0;         // of the session's branch
  uint64_t table_bytes = 0;  // segments of the session's branch, each once
  uint64_t objects = 0;      // large objects stored, all versions
  uint64_t object_bytes = 0;
  uint64_t metadata_bytes = 0;  // rhizo.db and its log
  uint64_t cache_bytes = 0;
  uint64_t cache_hits = 0;
  uint64_t cache_misses = 0;
};

struct Finding {
  std::string object;  // id, or "rhizo.db"
  std::string problem;
  std::vector<std::string> tables;  // "name version n (branch)" that need it
};
struct VerifyReport {
  uint64_t commits = 0;
  uint64_t table_states = 0;
  uint64_t objects = 0;
  uint64_t bytes = 0;
  std::vector<Finding> findings;
  bool ok() const { return findings.empty(); }
};

}  // namespace rhizo
