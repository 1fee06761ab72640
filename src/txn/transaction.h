// Changes to many tables that become one commit. Everything is staged until Commit(); reads through
// CurrentView() see it. The transaction reads its snapshot as long as it wants; what others commit
// meanwhile is merged with it at commit, cell by cell (docs/merge.md, section 4); what contradicts
// is kConflict. One thread at a time.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/instance.h"
#include "merge/rule_settings.h"
#include "model/schema.h"
#include "object/staging.h"
#include "table/write.h"
#include "txn/own_tables.h"
#include "txn/repository.h"
#include "txn/staged_state.h"
#include "txn/table_change.h"
#include "txn/view.h"

namespace rhizo::txn {

struct CommitText {
  std::string author;
  std::string message;
  std::map<std::string, std::string> metadata;
};

struct CommittedTable {
  TableId id;
  std::string name;
  uint64_t version = 0;  // 0: dropped
  table::WriteCounts counts;
  model::TableSummary summary;
};

struct Committed {
  CommitId commit;  // zero if nothing changed
  TxnId txn;
  CommitId base;  // the snapshot's commit
  std::vector<CommittedTable> tables;
};

// A commit made ready on top of one head: small objects still to be published, large ones durable.
struct PreparedCommit {
  Head head;
  CommitId id;
  std::shared_ptr<const model::Commit> commit;
  std::vector<PlacedTable> tables;  // empty: nothing changes on this head
  StagedObjects small_objects;
};

// What was written, before it is published.
struct Change {
  TableId table;
  table::WriteCounts counts;
  uint64_t rows_before = 0;
  bool created = false;
};

// What others may have done between a transaction's snapshot and its commit.
enum class Isolation {
  kSnapshot,      // anything but what it wrote itself
  kSerializable,  // nothing that it read either
};

class Transaction {
 public:
  // `txn` nothing: drawn. kAlreadyExists if a caller's id has landed before. kBranchNotFound.
  static Result<std::unique_ptr<Transaction>> Begin(std::shared_ptr<Repository> repository,
                                                    const std::string& branch,
                                                    std::optional<TxnId> txn = std::nullopt,
                                                    Isolation isolation = Isolation::kSnapshot);

  const TxnId& id() const { return id_; }
  const std::string& branch() const { return branch_; }
  bool id_is_from_caller() const { return id_from_caller_; }
  const Head& snapshot() const { return snapshot_; }
  // Without own writes; what is looked up in it counts as read.
  const std::shared_ptr<const View>& snapshot_view() const { return snapshot_view_; }
  // The branch as it was at the snapshot.
  const meta::Ref& branch_then() const { return branch_then_; }
  // It is one statement outside of any transaction: nothing that it counted on was read before.
  void MarkAsStatement() { is_statement_ = true; }
  bool has_changes() const { return !tables_.changes().empty(); }
  // What was there and what was done since, for statements that read.
  Result<std::shared_ptr<const View>> CurrentView() { return tables_.CurrentView(); }
  // One table as this transaction sees it; null if there is none. Costs the same however many
  // tables it changed.
  Result<std::shared_ptr<const table::OpenTable>> OpenTable(const model::QualifiedName& name) {
    return tables_.Open(name);
  }

  struct Means {
    engine::Instance* engine = nullptr;
    unsigned threads = 1;
    std::function<Status(uint64_t)> progress;
    table::CheckRows check;         // what rows that are written have to pass
    bool reset = false;             // values may go against the direction of their merge rules
    merge::BindChecks bind_checks;  // what rows have to pass that a commit merged; from any thread
  };
  // For a commit that has to merge though no statement brought means; from any thread.
  void SetLateMeans(std::function<Result<Means>()> means) { late_means_ = std::move(means); }
  // Ids of `schema`'s fields that are 0 are assigned. kAlreadyExists, also for a twin in case.
  // `key`: names of the columns that identify a row; none: nothing does.
  using ColumnNames = std::vector<std::string>;
  Result<Change> CreateTable(const model::QualifiedName& name, model::Schema schema,
                             const ColumnNames& key = {}, const merge::RuleSettings& rules = {});
  // kTableNotFound.
  Status DropTable(const model::QualifiedName& name);
  Status RenameTable(const model::QualifiedName& name, const model::QualifiedName& new_name);
  // `rows` have the shape of `schema`, which becomes the table's; the table is created if it is not
  // there, with this key; a table that is there keeps its own, which `key` may repeat.
  Result<Change> Write(const model::QualifiedName& name, model::Schema schema,
                       table::RowSource* rows, const Means& means, const ColumnNames& key = {});
  // `rows` are what somebody made of `base`, an earlier state of the table: what differs between
  // both is done to the table as it is now, and merges with what others did since. kConflict if
  // they did the same.
  Result<Change> WriteOnBase(const model::QualifiedName& name, const model::TableState& base,
                             model::Schema schema, table::RowSource* rows, const Means& means);
  Result<Change> Append(const model::QualifiedName& name, model::Schema schema,
                        table::RowSource* rows, const Means& means);
  // Rows change one by one (table/change_rows.h): `change` gets the table as it is here.
  using ChangeTable = std::function<Result<table::Written>(
      const table::WriteContext& context, std::shared_ptr<const table::OpenTable> table)>;
  // Whether the table has the columns, of the same types and in the same order, that it had in the
  // snapshot.
  bool KeepsColumns(const TableId& table) const;
  Result<Change> ChangeRows(const model::QualifiedName& name, const ChangeTable& change,
                            const Means& means);
  // These columns identify a row from now on; none: nothing does. kConstraint if rows do not allow
  // it.
  Result<Change> SetKey(const model::QualifiedName& name, const ColumnNames& key,
                        const Means& means);
  Result<Change> SetMergeRules(const model::QualifiedName& name, const merge::RuleSettings& rules,
                               const Means& means);

  // Another schema (of fields that keep their ids, and new ones without) and other checks. `verify`
  // looks at the rows in it.
  using VerifyTable = std::function<Status(std::shared_ptr<const table::OpenTable>)>;
  Result<Change> Alter(const model::QualifiedName& name, model::Schema schema,
                       std::vector<std::string> checks, const VerifyTable& verify,
                       const Means& means);

  // For the committer: everything staged, placed on `head`.
  Result<PreparedCommit> Prepare(const Head& head, const CommitText& text);
  const table::WriteCounts& CountsOf(const TableId& table) const;

 private:
  Transaction(std::shared_ptr<Repository> repository, std::string branch, TxnId id,
              bool id_from_caller, std::shared_ptr<const void> hold, meta::Ref branch_then,
              Head snapshot, std::shared_ptr<const View> snapshot_view, Isolation isolation);

  Result<TableChange*> AddNew(const model::QualifiedName& name, model::Schema schema,
                              const ColumnNames& key, const merge::RuleSettings& rules = {});
  Result<table::EncodedRows> EncodeNew(const model::TableState& state, table::RowSource* rows,
                                       const table::WriteContext& context);
  // What only the table's state says changes: its key, its rules.
  using EditState = std::function<Status(model::TableState*)>;
  Result<Change> ChangeState(const model::QualifiedName& name, const EditState& edit,
                             const Means& means);
  Status TakeSchema(TableChange* change, model::Schema schema);
  Result<table::Written> Rewrite(const model::TableState& from, const model::Schema& old_schema,
                                 table::RowSource* rows, const Means& means);
  Status CheckDirections(const model::TableState& before, const model::TableState& after,
                         const Means& means);
  Result<std::shared_ptr<const table::OpenTable>> OpenState(const model::TableState& state);
  Status CheckKeys(const model::TableState& state, const Means& means);
  Status CountByKey(const model::TableState& before, const Means& means, table::Written* written);
  // Runs `work` on a change; if it fails, the change is as it was.
  template <class Work>
  auto OrRestore(TableChange* change, Work&& work) -> decltype(work());
  void Remember(const Means& means);
  Status GetLateMeans(const Head& head);
  table::WriteContext ContextFor(const Means& means);
  Result<std::vector<PlacedTable>> PlaceAll(const Head& head);

  const std::shared_ptr<Repository> repository_;
  const std::string branch_;
  const TxnId id_;
  const bool id_from_caller_;
  const std::shared_ptr<const void> hold_;  // the gc lock, until this ends
  const meta::Ref branch_then_;
  const Head snapshot_;
  bool is_statement_ = false;
  const std::shared_ptr<ReadSet> reads_;  // null: of kSnapshot
  const std::shared_ptr<const View> snapshot_view_;
  const std::shared_ptr<object::Staging> staging_;
  OwnTables tables_;
  engine::Instance* engine_ = nullptr;  // once rows were written with it
  merge::BindChecks bind_checks_;
  std::function<Result<Means>()> late_means_;
  uint64_t next_ordinal_ = 0;
};

}  // namespace rhizo::txn
