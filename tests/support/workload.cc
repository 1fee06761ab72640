#include "support/workload.h"

#include <vector>

#include "txn/branches.h"

namespace rhizo::tests {
namespace {

using meta::RefKind;

Status Outcome(Result<meta::Ref> result) {
  if (!result) return std::move(result).error();
  return {};
}

Status Outcome(Result<txn::Change> result) {
  if (!result) return std::move(result).error();
  return {};
}

}  // namespace

DatabaseModel Step::AfterLanding(const CommitId& commit) const {
  DatabaseModel model = after;
  model.refs.at(branch).commit = commit;
  model.commits[commit] = tables;
  return model;
}

Rows Workload::SmallRows() {
  Rows rows = Numbered(next_row_, static_cast<int64_t>(1 + random_() % 6));
  next_row_ += 10;
  return rows;
}

std::string Workload::DrawExisting(const Tables& tables) {
  if (tables.empty()) return "";
  auto chosen = tables.begin();
  std::advance(chosen, static_cast<ptrdiff_t>(random_() % tables.size()));
  return chosen->first;
}

std::string Workload::DrawBranch(const DatabaseModel& model) {
  std::vector<std::string> branches = {txn::kMainBranch, txn::kMainBranch};
  for (const auto& [name, ref] : model.refs) {
    if (ref.kind == RefKind::kBranch) branches.push_back(name);
  }
  return branches[random_() % branches.size()];
}

Status Workload::WriteOne(Draft* draft, const std::string& table, Rows rows) {
  draft->tables[table] = std::make_shared<const Rows>(rows);
  draft->what += " write " + table + " (" + std::to_string(rows.size()) + " rows)";
  return Outcome(Write(*draft->transaction, table, std::move(rows)));
}

Status Workload::AppendOne(Draft* draft) {
  auto table = DrawExisting(draft->tables);
  if (table.empty()) return WriteOne(draft, DrawTable(), SmallRows());
  Rows rows = SmallRows();
  Rows all = *draft->tables[table];
  all.insert(all.end(), rows.begin(), rows.end());
  draft->tables[table] = std::make_shared<const Rows>(std::move(all));
  draft->what += " append " + table;
  return Outcome(Append(*draft->transaction, table, std::move(rows)));
}

Status Workload::RenameOne(Draft* draft) {
  auto table = DrawExisting(draft->tables);
  if (table.empty()) return WriteOne(draft, DrawTable(), SmallRows());
  std::string name = "r-" + RandomText(10, random_);
  auto node = draft->tables.extract(table);
  node.key() = name;
  draft->tables.insert(std::move(node));
  draft->what += " rename " + table + " to " + name;
  return draft->transaction->RenameTable(Name(table), Name(name));
}

// In the largest table, so that it becomes an overlay, or in any.
Status Workload::ChangeOne(Draft* draft) {
  auto table = DrawExisting(draft->tables);
  if (table.empty()) return WriteOne(draft, DrawTable(), SmallRows());
  for (const auto& [name, rows] : draft->tables) {
    if (random_() % 4 > 0 && rows->size() > draft->tables[table]->size()) table = name;
  }
  Rows rows = *draft->tables[table];
  RowChanges changes;
  for (int i = 0; i < 4 && !rows.empty(); ++i) {
    changes.updates[random_() % rows.size()] = "changed " + RandomText(20, random_);
  }
  for (const auto& [row, text] : changes.updates) rows[row].second = text;
  draft->what += " change rows of " + table;
  RETURN_IF_ERROR(Outcome(Change(*draft->transaction, table, changes)));
  if (random_() % 2 == 0 && rows.size() > 2) {
    RowChanges less;
    less.deletes = {random_() % rows.size()};
    rows.erase(rows.begin() + static_cast<ptrdiff_t>(*less.deletes.begin()));
    RETURN_IF_ERROR(Outcome(Change(*draft->transaction, table, less)));
    draft->what += ", delete one";
  }
  draft->tables[table] = std::make_shared<const Rows>(std::move(rows));
  return {};
}

Status Workload::DropOne(Draft* draft) {
  auto table = DrawExisting(draft->tables);
  if (draft->tables.size() < 3) return WriteOne(draft, DrawTable(), SmallRows());
  draft->tables.erase(table);
  draft->what += " drop " + table;
  return draft->transaction->DropTable(Name(table));
}

Status Workload::Fill(Draft* draft, Kind kind) {
  switch (kind) {
    case Kind::kSmallWrite: return WriteOne(draft, DrawTable(), SmallRows());
    case Kind::kAppend: return AppendOne(draft);
    case Kind::kLargeWrite:
      next_row_ += 1000;
      return WriteOne(draft, DrawTable(), LargeRows(next_row_ - 500, random_));
    case Kind::kManyTables:
      for (int i = 0; i < 3; ++i) RETURN_IF_ERROR(WriteOne(draft, DrawTable(), SmallRows()));
      return AppendOne(draft);
    case Kind::kChangeRows: return ChangeOne(draft);
    case Kind::kRename: return RenameOne(draft);
    case Kind::kDrop: return DropOne(draft);
    case Kind::kLargeMessage:  // a commit object too large for rhizo.db
      draft->message = RandomText(70'000, random_);
      return AppendOne(draft);
  }
  return {};
}

Step Workload::TryCommit(const std::shared_ptr<txn::Repository>& repository,
                         const DatabaseModel& model, Kind kind, const std::string& branch) {
  Step step{.what = branch + ":",
            .outcome = {},
            .txn = {},
            .after = model,
            .branch = branch,
            .tables = {}};
  auto transaction = txn::Transaction::Begin(repository, branch);
  if (!transaction) {
    step.outcome = std::move(transaction).error();
    return step;
  }
  Draft draft{transaction->get(), model.TablesOf(branch), "", "message"};
  step.outcome = Fill(&draft, kind);
  step.what += draft.what;
  if (!step.outcome) return step;
  step.txn = (*transaction)->id();
  step.tables = std::make_shared<const Tables>(std::move(draft.tables));
  auto committed = repository->committer().Commit(**transaction, {"tester", draft.message, {}});
  if (!committed) {
    step.outcome = std::move(committed).error();
  } else if (!committed->commit.IsZero()) {
    step.after = step.AfterLanding(committed->commit);
  }
  return step;
}

Step Workload::TryRef(const std::shared_ptr<txn::Repository>& repository,
                      const DatabaseModel& model) {
  Step step{.what = "", .outcome = {}, .txn = {}, .after = model, .branch = "", .tables = {}};
  auto from = DrawBranch(model);
  auto& refs = step.after.refs;
  std::string fresh = "b-" + RandomText(10, random_);
  CommitId at = refs.at(from).commit;
  size_t choice = from == txn::kMainBranch ? random_() % 2 : random_() % 4;
  if (choice == 0) {
    step.what = "branch " + fresh + " from " + from;
    refs[fresh] = {RefKind::kBranch, at};
    step.outcome = Outcome(txn::CreateBranch(*repository, fresh, at, {}));
  } else if (choice == 1) {
    step.what = "tag " + fresh + " at " + from;
    refs[fresh] = {RefKind::kTag, at};
    step.outcome = Outcome(txn::CreateTag(*repository, fresh, at));
  } else if (choice == 2) {
    step.what = "rename branch " + from + " to " + fresh;
    refs[fresh] = refs.at(from);
    refs.erase(from);
    step.outcome = Outcome(txn::RenameBranch(*repository, from, fresh));
  } else {
    step.what = "delete branch " + from;
    refs.erase(from);
    step.outcome = txn::DeleteRef(*repository, from, RefKind::kBranch);
  }
  return step;
}

Step Workload::Try(const std::shared_ptr<txn::Repository>& repository, const DatabaseModel& model) {
  size_t draw = random_() % 20;
  if (draw < 3) return TryRef(repository, model);
  static constexpr Kind kKinds[] = {Kind::kSmallWrite, Kind::kSmallWrite,   Kind::kAppend,
                                    Kind::kAppend,     Kind::kAppend,       Kind::kLargeWrite,
                                    Kind::kLargeWrite, Kind::kManyTables,   Kind::kRename,
                                    Kind::kDrop,       Kind::kLargeMessage, Kind::kChangeRows,
                                    Kind::kChangeRows, Kind::kChangeRows,   Kind::kChangeRows};
  return TryCommit(repository, model, kKinds[random_() % std::size(kKinds)], DrawBranch(model));
}

}  // namespace rhizo::tests
