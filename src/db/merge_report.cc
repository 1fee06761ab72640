#include "db/merge_report.h"

#include <algorithm>

#include "db/write_outcome.h"
#include "model/unknown_column.h"

namespace rhizo::db {

txn::MergeTools MergeToolsOf(SessionImpl& session) {
  txn::MergeTools tools;
  tools.threads = session.core().threads();
  tools.engine = [&session] { return session.core().engine()->Get(); };
  tools.bind_checks = [&session](
                          const model::Schema& schema,
                          const std::vector<std::string>& checks) -> Result<table::CheckRows> {
    ASSIGN_OR_RETURN(auto* engine, session.core().engine()->Get());
    return BindChecksOf(engine)(schema, checks);
  };
  return tools;
}

merge::Favour FavourOf(MergeStrategy strategy) {
  switch (strategy) {
    case MergeStrategy::kOurs: return merge::Favour::kOurs;
    case MergeStrategy::kTheirs: return merge::Favour::kTheirs;
    default: return merge::Favour::kNobody;
  }
}

ConflictSummary Summarise(const std::vector<txn::TableConflict>& conflicts) {
  ConflictSummary summary;
  for (const auto& table : conflicts) {
    summary.conflicts += table.rows + table.problems.size();
    summary.tables += (summary.tables.empty() ? "" : ", ") + table.name;
    if (table.rows > 0) {
      summary.details += "\n  " + table.name + ": " + std::to_string(table.rows) +
                         (table.rows == 1 ? " conflict" : " conflicts") + " of rows and cells";
    }
    for (const auto* lines : {&table.problems, &table.notes}) {
      for (const auto& line : *lines) summary.details += "\n  " + table.name + ": " + line;
    }
  }
  return summary;
}

Error MergeConflictOf(const std::string& message, const ConflictSummary& summary) {
  return Error(ErrorCode::kMergeConflict, message + "; nothing was changed" + summary.details)
      .With("conflicts", std::to_string(summary.conflicts))
      .With("tables", summary.tables);
}

namespace {

// A table as a head has it, whatever it calls it; null: not there.
Result<std::shared_ptr<const table::OpenTable>> OpenById(const txn::View& view,
                                                         const model::QualifiedName& name,
                                                         const TableId& id) {
  ASSIGN_OR_RETURN(auto found, view.FindName(name));
  if (!found || found->entry.table != id) {
    ASSIGN_OR_RETURN(found, FindById(view, id));
  }
  if (!found) return std::shared_ptr<const table::OpenTable>();
  return view.Open(found->entry.state);
}

// As ours calls it, else as theirs does.
Result<FieldId> FindColumn(SessionImpl& session, const CommitId& ours, const CommitId& theirs,
                           const TableId& table, const std::string& called,
                           const std::string& column) {
  ASSIGN_OR_RETURN(auto name, model::QualifiedName::Parse(called));
  std::shared_ptr<const table::OpenTable> known;
  for (const auto& head : {ours, theirs}) {
    ASSIGN_OR_RETURN(auto view, session.ViewAt(head));
    ASSIGN_OR_RETURN(auto open, OpenById(*view, name, table));
    if (!open) continue;
    int index = open->schema().Find(column);
    if (index >= 0) return open->schema().fields[static_cast<size_t>(index)].id;
    if (!known) known = std::move(open);
  }
  return model::UnknownColumn(known->schema(), column, "merge: table \"" + called + "\": ");
}

}  // namespace

Result<std::shared_ptr<const table::OpenTable>> OpenOnEither(SessionImpl& session,
                                                             const CommitId& ours,
                                                             const CommitId& theirs,
                                                             const std::string& table) {
  ASSIGN_OR_RETURN(auto name, model::QualifiedName::Parse(table));
  ASSIGN_OR_RETURN(auto here, session.ViewAt(ours));
  ASSIGN_OR_RETURN(auto open, here->FindTable(name));
  if (!open) {
    ASSIGN_OR_RETURN(auto there, session.ViewAt(theirs));
    ASSIGN_OR_RETURN(open, there->FindTable(name));
  }
  if (!open) return UnknownTable(*here, name);
  return open;
}

Result<TableId> FindOnEither(SessionImpl& session, const CommitId& ours, const CommitId& theirs,
                             const std::string& table) {
  ASSIGN_OR_RETURN(auto open, OpenOnEither(session, ours, theirs, table));
  return open->state().id;
}

Result<std::vector<TableId>> FindAllCalled(SessionImpl& session, const CommitId& ours,
                                           const CommitId& theirs, const std::string& table) {
  ASSIGN_OR_RETURN(auto id, FindOnEither(session, ours, theirs, table));
  std::vector<TableId> ids = {id};
  ASSIGN_OR_RETURN(auto name, model::QualifiedName::Parse(table));
  ASSIGN_OR_RETURN(auto there, session.ViewAt(theirs));
  ASSIGN_OR_RETURN(auto theirs_so, there->FindName(name));
  if (!theirs_so || theirs_so->entry.table == id) return ids;
  ASSIGN_OR_RETURN(auto here, session.ViewAt(ours));
  ASSIGN_OR_RETURN(auto known_here, FindById(*here, theirs_so->entry.table));
  if (!known_here) ids.push_back(theirs_so->entry.table);
  return ids;
}

Result<txn::BranchMergeOptions> MergeOptionsOf(SessionImpl& session, const MergeOptions& options,
                                               const CommitId& ours, const CommitId& theirs) {
  txn::BranchMergeOptions internal;
  internal.database.favour = FavourOf(options.strategy);
  for (const auto& [table, strategy] : options.tables) {
    ASSIGN_OR_RETURN(auto ids, FindAllCalled(session, ours, theirs, table));
    for (const auto& id : ids) internal.database.by_table[id] = FavourOf(strategy);
  }
  for (const auto& [column, strategy] : options.columns) {
    ASSIGN_OR_RETURN(auto id, FindOnEither(session, ours, theirs, column.first));
    ASSIGN_OR_RETURN(auto field,
                     FindColumn(session, ours, theirs, id, column.first, column.second));
    internal.database.by_column[id][field] = FavourOf(strategy);
  }
  internal.no_fast_forward = options.no_fast_forward;
  internal.text = {session.author(), options.message, {}};
  return internal;
}

Result<MergeConflicts> FindConflicts(SessionImpl& session, const CommitId& ours,
                                     const CommitId& theirs, const std::string& table,
                                     txn::BranchMergeOptions options) {
  ASSIGN_OR_RETURN(auto open, OpenOnEither(session, ours, theirs, table));
  for (const auto& head : {ours, theirs}) {
    RETURN_IF_ERROR(session.NoteReadAt(head, open->state().id));
  }
  ASSIGN_OR_RETURN(auto* engine, session.Engine());
  MergeConflicts conflicts(engine->client());
  options.database.on_conflicts = [&](const TableId& of, merge::RegionConflicts& region) {
    return of == open->state().id ? conflicts.Add(region) : Status();
  };
  ASSIGN_OR_RETURN(auto merged, txn::TryMerge(session.repository(), MergeToolsOf(session), ours,
                                              theirs, options));
  conflicts.TakeSchema(open->schema());
  ASSIGN_OR_RETURN(auto ids, FindAllCalled(session, ours, theirs, table));
  ASSIGN_OR_RETURN(auto name, model::QualifiedName::Parse(table));
  RETURN_IF_ERROR(conflicts.AddProblems(ids, name.ToString(), merged.conflicts));
  return conflicts;
}

std::vector<MergedTable> Describe(const std::vector<txn::MergedTableInfo>& tables) {
  std::vector<MergedTable> described;
  for (const auto& table : tables) {
    described.push_back({table.name, table.counts.entries_read, table.counts.cells_decided,
                         table.counts.conflicts, table.counts.settled, table.notes});
  }
  return described;
}

MergeResult Describe(const txn::BranchMerged& merged) {
  MergeResult result;
  result.commit = merged.commit.ToString();
  result.changed = merged.changed;
  result.fast_forward = merged.fast_forward;
  result.tables = Describe(merged.tables);
  for (const auto& conflict : merged.conflicts) {
    result.conflicts += conflict.rows + conflict.problems.size();
    auto known = std::find_if(result.tables.begin(), result.tables.end(),
                              [&](const auto& table) { return table.table == conflict.name; });
    if (known == result.tables.end()) {
      known = result.tables.insert(known, MergedTable{.table = conflict.name, .problems = {}});
    }
    for (const auto* lines : {&conflict.problems, &conflict.notes}) {
      known->problems.insert(known->problems.end(), lines->begin(), lines->end());
    }
  }
  return result;
}

Error ConflictsOf(const txn::BranchMerged& merged, const std::string& source) {
  return MergeConflictOf("merge: \"" + source + "\" contradicts this branch",
                         Summarise(merged.conflicts))
      .With("ours", merged.ours.ToString())
      .With("theirs", merged.theirs.ToString());
}

}  // namespace rhizo::db
