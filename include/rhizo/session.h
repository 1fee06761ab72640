// A session: a place in the history of a database (a branch, or one fixed commit) from which tables
// are read and written. Sessions of one database are independent of each other. Every statement
// sees the newest commit of the branch, unless a transaction is open or the session is a snapshot.
//
// Thread-safe: one statement at a time per session (others wait); use one session per thread for
// parallel work. Nothing is thrown across this boundary except std::bad_alloc.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rhizo/arrow_c_data.h"
#include "rhizo/cancellation.h"
#include "rhizo/export.h"
#include "rhizo/query_result.h"
#include "rhizo/result.h"
#include "rhizo/types.h"
#include "rhizo/value.h"

namespace rhizo {

// Held until the last copy of `held` goes, on whatever thread.
struct RetryTurn {
  std::shared_ptr<void> held;
  bool waited = false;  // for somebody else's turn to end
};

// What write and append do with columns that differ from the table's.
enum class SchemaMode {
  kKeep,     // match by name, cast only where exact, fill missing ones, refuse extra ones
  kEvolve,   // add columns, widen types
  kReplace,  // write only: take the new schema
};

struct WriteOptions {
  SchemaMode schema = SchemaMode::kKeep;
  std::vector<std::string> key;  // of a table that is created: columns that identify a row
  // Of Write: what the rows were made of (a version number, branch, tag, commit or ref~n). What
  // differs from that is written, and what others did since stays.
  std::string base;
  bool reset = false;  // Write, Upsert: values may go against their merge rules
  std::optional<std::string> message;
  WorkOptions work;
};

struct ChangeOptions {
  Parameters parameters;  // of the expressions and the condition
  bool reset = false;     // Update: values may go against their merge rules
  std::optional<std::string> message;
  WorkOptions work;
};

// What becomes of a table's columns, done in this order. Columns are named, nested fields by path
// ("address.zip", "tags.element"). Nothing stored is rewritten; older versions keep their schema.
struct Alteration {
  std::vector<std::pair<std::string, std::string>> rename;  // column -> new name
  std::vector<std::string> drop;
  ArrowSchema* add = nullptr;    // columns that come behind the others (consumed)
  ArrowSchema* widen = nullptr;  // columns' wider types (consumed)
  // Column -> SQL constant that rows get which are written without it; "": none any more. Of an
  // added column also what older rows hold.
  std::vector<std::pair<std::string, std::string>> defaults;
  std::vector<std::string> not_null;
  std::vector<std::string> nullable;
  std::vector<std::string> drop_checks;
  std::vector<std::string> add_checks;  // SQL conditions that no row may make false
  std::vector<std::string> order;       // columns that come first
};

// What changes of one table by several writers or branches make together (docs/merge.md).
struct MergeRules {
  // Column -> "conflict", "add", "multiply", "max", "min", "union", "intersect" or
  // "latest(<column>)".
  std::vector<std::pair<std::string, std::string>> columns;
  std::optional<bool> row_is_unit;  // any two changes of one row contradict each other
  std::optional<bool> delete_wins;  // a delete beats a change of the same row; else they contradict
};

struct CommitOptions {
  std::string message;
  std::string author;  // "": that of the database handle
  std::map<std::string, std::string> metadata;
  std::string txn_id;  // 32 hex digits; "": drawn at random
  // Commit() is kConflict also if rows that were read changed meanwhile: transactions that do so
  // are as if they had run one after the other, in the order of their commits.
  bool serializable = false;
};

struct ScanOptions {
  std::vector<std::string> columns;  // empty: all, in order
  std::string where;                 // a SQL condition over the table's columns; "": all rows
  Parameters parameters;
  std::string at;  // a version number, branch, tag, commit or ref~n; "": the session's view
  std::optional<uint64_t> limit;
};

struct DiffOptions {
  std::vector<std::string> columns;  // empty: _change_type, _changed_fields, the table's
  std::string where;                 // a SQL condition over all of these; "": all
  Parameters parameters;
  std::optional<uint64_t> limit;  // rows; an update has two
};

struct BranchOptions {
  std::optional<int64_t> expires_micros;
  std::optional<bool> is_protected;
};

// Of revert, cherry-pick and rebase.
struct ReplayOptions {
  std::string message;             // "": made from that of the commit
  std::optional<uint32_t> parent;  // of a merge: against which of its parents, from 1 on
  MergeStrategy strategy = MergeStrategy::kFail;  // "ours" is the branch, "theirs" the commit
};

class MergingImpl;
class SessionImpl;
class Transaction;

// A merge whose conflicts are settled one after the other. Nothing moves until Commit(); what is
// not committed leaves no trace. Of just the two heads that there were when it began. Thread-safe
// as its session is, which outlives it.
class RHIZO_EXPORT Merging {
 public:
  explicit Merging(std::unique_ptr<MergingImpl> impl);
  ~Merging();
  Merging(Merging&&) noexcept;
  Merging& operator=(Merging&&) noexcept;

  // What Commit() would do now; conflicts that are settled do not count as such.
  Result<MergeResult> State();
  // What contradicts in a table and is not settled yet, as Session::Conflicts shows it.
  Result<QueryResult> Conflicts(const std::string& table);
  // Everything in the table that is not settled yet is as that side has it, also what contradicts
  // in the table as a whole: then that side's table is taken whole. Without `rows` only the latter
  // (its name, its columns); rows and cells that were hidden behind it are left to settle.
  Status Resolve(const std::string& table, MergeStrategy side, bool rows = true);
  // Rows (consumed) that say what conflicts become. Each names a row, by "_row_id" or the table's
  // key, and then "_side" ("ours", "theirs") or the values that its cells get; only cells in
  // conflict take them. A row that one side deleted needs "_side". Gives how many conflicts were
  // settled. kInvalidArgument for a row without conflict; kSchema for values that do not fit.
  Result<uint64_t> Resolve(const std::string& table, ArrowArrayStream* rows);
  // The same with the rows of a query, which may read what is not settled as "conflicts":
  // "SELECT _row_id, greatest(our_n, their_n) AS n FROM conflicts".
  // `copy`: an Arrow file that these rows are written to as well; ResolveFile takes them from it.
  Result<uint64_t> ResolveSql(const std::string& table, const std::string& query,
                              const std::string& copy = "");
  Result<uint64_t> ResolveFile(const std::string& table, const std::string& path);
  // The merge as a commit of the user's. kMergeConflict if something is not settled, kConflict if
  // the branch moved since this began.
  Result<MergeResult> Commit(const std::string& message = "");

 private:
  std::unique_ptr<MergingImpl> impl_;
};

class RHIZO_EXPORT Session {
 public:
  explicit Session(std::shared_ptr<SessionImpl> impl);
  virtual ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  Session(Session&&) noexcept;
  Session& operator=(Session&&) noexcept;

  // --- tables. Streams are consumed and released in every case, also on failure.
  // An empty table with the schema of `schema` (consumed). `key`: columns that identify a row:
  // never NULL, no value twice.
  Result<WriteResult> CreateTable(const std::string& name, ArrowSchema* schema,
                                  bool if_not_exists = false,
                                  const std::vector<std::string>& key = {},
                                  const MergeRules& rules = {});
  Status DropTable(const std::string& name, bool if_exists = false);
  Status RenameTable(const std::string& name, const std::string& new_name);
  // The table becomes `rows`; created if it is not there. kConflict if somebody changed it
  // meanwhile; with a base: if somebody changed the same cells or rows since.
  Result<WriteResult> Write(const std::string& name, ArrowArrayStream* rows,
                            const WriteOptions& options = {});
  // The rows stand behind the table's last row; never conflicts with other appends. kTableNotFound.
  Result<WriteResult> Append(const std::string& name, ArrowArrayStream* rows,
                             const WriteOptions& options = {});
  // --- changing rows. Rows that stay keep their place; a changed field is stored as that field of
  // that row, a deleted row as a bit. kConflict if somebody changed the same cells or rows
  // meanwhile; Update, Delete and Truncate outside a transaction then run again by themselves.
  // Expressions and conditions are SQL over the table's columns, without volatile functions.
  //
  // Appends rows; in a table with a key, rows whose keys it does not have (kConstraint).
  Result<WriteResult> Insert(const std::string& name, ArrowArrayStream* rows,
                             const WriteOptions& options = {});
  // Rows whose key the table has become those given, in the columns given; others are appended.
  // kInvalidArgument without a key, kConstraint for a key that comes twice. Holds the rows given in
  // memory.
  Result<WriteResult> Upsert(const std::string& name, ArrowArrayStream* rows,
                             const WriteOptions& options = {});
  // `set`: columns and what they become. `where` "": all rows. A row whose key changes goes to the
  // end.
  using Assignments = std::vector<std::pair<std::string, std::string>>;
  Result<WriteResult> Update(const std::string& name, const Assignments& set,
                             const std::string& where = "", const ChangeOptions& options = {});
  Result<WriteResult> Delete(const std::string& name, const std::string& where,
                             const ChangeOptions& options = {});
  Result<WriteResult> Truncate(const std::string& name, const ChangeOptions& options = {});
  // These columns identify a row from now on (none: nothing does). kConstraint naming rows if one
  // of them is NULL somewhere or a value is twice. Rewrites nothing.
  Result<WriteResult> SetKey(const std::string& name, const std::vector<std::string>& columns,
                             const ChangeOptions& options = {});

  // What is not named stays. kSchema for an unknown column, or a rule that does not fit its type,
  // with the reason. From then on writes that go against a rule (lower a max, raise a min, shrink a
  // union, grow an intersect, change a latest(f) without raising f) are kConstraint, unless
  // `reset`; lists of union and intersect columns are stored sorted, each item once.
  Result<WriteResult> SetMergeRules(const std::string& name, const MergeRules& rules,
                                    const ChangeOptions& options = {});

  // kSchema for what is unknown, there already or no wider type; kConstraint naming rows that break
  // a new NOT NULL or check.
  Result<WriteResult> Alter(const std::string& name, const Alteration& alteration,
                            const ChangeOptions& options = {});

  // All rows in the order written.
  Result<QueryResult> Read(const std::string& name, const std::string& at = "");
  Result<QueryResult> Scan(const std::string& name, const ScanOptions& options);
  // The rows in which a table differs between two points (a version number, branch, tag, commit,
  // ref~n, or time; `to` "": the session's view): `_change_type` ("insert", "delete",
  // "update_preimage", "update_postimage"), `_changed_fields` (of an update), and the columns as
  // they are at `to`, in the table's order. A row is the same row by its identity, not its values:
  // one that merely moved to other storage is not there. Costs what changed.
  Result<QueryResult> Diff(const std::string& table, const std::string& from,
                           const std::string& to = "", const DiffOptions& options = {});
  // All tables that differ between two refs, commits or times, by name; `table`: only that one
  // (then versions are taken too).
  Result<std::vector<TableDiff>> DiffSummary(const std::string& from, const std::string& to = "",
                                             const std::string& table = "");
  Result<QueryResult> Sql(const std::string& statement, const Parameters& parameters = {},
                          const WorkOptions& work = {});
  // 32 hex digits that are equal for equal rows under equal columns (names, types, order of
  // columns), whatever way they came; the order of rows does not count. Guards against mistakes,
  // not attackers. Costs what changed since it was last asked for in this process.
  Result<std::string> Fingerprint(const std::string& name, const std::string& at = "");
  Result<std::vector<std::string>> Tables(const std::string& at = "");
  Result<TableInfo> Info(const std::string& name, const std::string& at = "");
  // Those of `Info`, of the table as it is now; a serializable transaction reads no row by it.
  Result<std::vector<ColumnInfo>> Columns(const std::string& name);
  // Versions in the history of this session's branch, newest first.
  Result<std::vector<VersionInfo>> Versions(const std::string& name);
  // CSV, Parquet or Arrow (IPC file or stream) by extension; the files are read by a separate
  // engine that has no access to tables. `format`: "csv", "parquet", "arrow", "" (by extension).
  Result<WriteResult> ImportFiles(const std::string& name, const std::vector<std::string>& paths,
                                  const std::string& format = "", bool append = false,
                                  const WriteOptions& options = {});
  // Writes the table's rows; the file must not exist unless `overwrite`. Returns rows written.
  Result<uint64_t> ExportTable(const std::string& name, const std::string& path,
                               const std::string& format = "", const std::string& at = "",
                               bool overwrite = false, const WorkOptions& work = {});

  // --- transactions. One open at a time per session; statements of the session then run inside it.
  Result<Transaction> Begin(const CommitOptions& options = {});
  Result<Resolution> Resolve(const std::string& txn_id);
  // For who runs something again because it met a conflict: waits until nobody else does, in any
  // thread or process. Of many that want one cell each would otherwise spoil the others' work.
  // kBusy after `timeout`, kCancelled. Single statements outside a transaction do so by themselves.
  Result<RetryTurn> WaitForTurn(std::chrono::milliseconds timeout,
                                const Cancellation& cancellation = {});

  // --- versions
  // The commit this session reads now.
  Result<CommitInfo> Head();
  Result<CommitInfo> Show(const std::string& ref);
  // Commits reachable from `ref` ("" : the session's), newest first, at most `limit` (0: all).
  Result<std::vector<CommitInfo>> Log(const std::string& ref = "", uint64_t limit = 0,
                                      const std::string& table = "");
  Result<std::vector<BranchInfo>> Branches();
  Result<std::vector<TagInfo>> Tags();
  // `from`: a branch, tag, commit, ref~n, or a time "2026-01-31T12:00:00Z"; "": the session's
  // commit.
  Result<BranchInfo> CreateBranch(const std::string& name, const std::string& from = "",
                                  const BranchOptions& options = {});
  Status DeleteBranch(const std::string& name);
  Status RenameBranch(const std::string& name, const std::string& new_name);
  // Brings back the last position of a deleted branch.
  Result<BranchInfo> UndeleteBranch(const std::string& name);
  Result<BranchInfo> SetBranch(const std::string& name, const BranchOptions& options);
  Result<TagInfo> CreateTag(const std::string& name, const std::string& at = "");
  Status DeleteTag(const std::string& name);
  Result<std::vector<RefLogInfo>> RefLog(const std::string& ref = "", uint64_t limit = 0);
  // Brings what happened on `source` to this session's branch, row by row and cell by cell: moves
  // the branch where it has nothing of its own, else makes a merge commit (the same one everywhere,
  // unless it has a message, a strategy or no_fast_forward). kMergeConflict (fields "ours",
  // "theirs", "conflicts", "tables") if both sides contradict each other; nothing moved then.
  Result<MergeResult> Merge(const std::string& source, const MergeOptions& options = {});
  // What Merge would do; nothing moves. Conflicts are part of the answer.
  Result<MergeResult> TryMerge(const std::string& source, const MergeOptions& options = {});
  // A merge whose conflicts are settled before it is committed.
  Result<Merging> StartMerge(const std::string& source, const MergeOptions& options = {});
  // What contradicts in a table between two heads ("": the session's), one row per cell or row:
  // _reason ("cell", "delete/update"), _column (of a cell), _row_id, then base_<column>,
  // our_<column>, their_<column> for every column.
  Result<QueryResult> Conflicts(const std::string& ours, const std::string& theirs,
                                const std::string& table);
  // --- the same law with another base: rows keep their identities and places. kMergeConflict
  // (fields "commit", "conflicts", "tables") if the commit contradicts what the branch holds;
  // nothing moved then.
  //
  // Undoes what a commit did, in a new commit on this session's branch.
  Result<HeadMove> Revert(const std::string& commit, const ReplayOptions& options = {});
  // Does again what a commit did that is not in this branch's history, under its author and
  // message; the new commit records where it was picked from.
  Result<HeadMove> CherryPick(const std::string& commit, const ReplayOptions& options = {});
  // The branch becomes `onto`, with the commits it has and `onto` has not done again on top.
  // kUnsupported if a merge is among them.
  Result<HeadMove> Rebase(const std::string& onto, const ReplayOptions& options = {});
  // The branch becomes that commit, whatever it held; RefLog remembers. kInvalidArgument for a
  // protected branch that would lose commits.
  Result<HeadMove> Reset(const std::string& to);

  // This session's branch, or "" for a snapshot.
  Result<std::string> CurrentBranch();
  // This session moves to another branch (created first if asked).
  Status Checkout(const std::string& branch, bool create = false);

  // --- other sessions of the same database
  Result<Session> On(const std::string& branch);
  Result<Session> At(const std::string& ref);  // a read-only snapshot
  // A nameless branch from here that vanishes when its last session closes unless Keep() named it.
  Result<Session> Scratch();
  Result<BranchInfo> Keep(const std::string& name);  // of a scratch session
  // Another session where this one is: on its branch, also of a scratch session, or at its commit.
  Result<Session> Again();

  // --- care
  Result<VerifyReport> Verify(const WorkOptions& work = {});
  Result<DatabaseStats> Stats();
  // Makes everything written so far durable (matters after durability "none").
  Status Flush();
  // Ends this session; a Database's Close also frees its files once streams are done. Idempotent.
  Status Close();
  bool closed() const;
  std::string path() const;

 protected:
  std::shared_ptr<SessionImpl> impl_;
};

// Many changes, one commit: all or nothing. Reads see its own writes. Destroying it without
// Commit() rolls back.
class RHIZO_EXPORT Transaction {
 public:
  explicit Transaction(std::shared_ptr<SessionImpl> impl);
  ~Transaction();
  Transaction(Transaction&&) noexcept;
  Transaction& operator=(Transaction&&) noexcept;

  const std::string& txn_id() const;
  // Durable when it returns OK. kConflict names the table; kCommitUnknown carries "txn_id" for
  // Resolve.
  Result<CommitResult> Commit();
  Status Rollback();

 private:
  std::shared_ptr<SessionImpl> impl_;
  std::string txn_id_;
};

}  // namespace rhizo
