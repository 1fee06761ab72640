#include "db/merge_report.h"

#include <algorithm>
#include <array>

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
    for (const auto& problem : table.problems) {
      summary.details += "\n  " + table.name + ": " + problem;
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

// Where a strategy is said for a table or (not null) a column, one of the heads must have it.
Status CheckNamed(SessionImpl& session, const std::array<CommitId, 2>& heads,
                  const model::QualifiedName& name, const std::string* column) {
  std::shared_ptr<const table::OpenTable> known;
  for (const auto& head : heads) {
    ASSIGN_OR_RETURN(auto view, session.repository().ViewOf(head));
    ASSIGN_OR_RETURN(auto table, view->FindTable(name));
    if (!table) continue;
    if (column == nullptr || table->schema().Find(*column) >= 0) return {};
    if (!known) known = std::move(table);
  }
  if (known) {
    return model::UnknownColumn(known->schema(), *column,
                                "merge: table \"" + name.ToString() + "\": ");
  }
  ASSIGN_OR_RETURN(auto view, session.repository().ViewOf(heads.front()));
  return UnknownTable(*view, name);
}

}  // namespace

Result<txn::BranchMergeOptions> MergeOptionsOf(SessionImpl& session, const MergeOptions& options,
                                               const CommitId& ours, const CommitId& theirs) {
  txn::BranchMergeOptions internal;
  internal.database.favour = FavourOf(options.strategy);
  const std::array heads{ours, theirs};
  for (const auto& [table, strategy] : options.tables) {
    ASSIGN_OR_RETURN(auto name, model::QualifiedName::Parse(table));
    RETURN_IF_ERROR(CheckNamed(session, heads, name, nullptr));
    internal.database.by_table[name.ToString()] = FavourOf(strategy);
  }
  for (const auto& [column, strategy] : options.columns) {
    ASSIGN_OR_RETURN(auto name, model::QualifiedName::Parse(column.first));
    RETURN_IF_ERROR(CheckNamed(session, heads, name, &column.second));
    internal.database.by_column[{name.ToString(), column.second}] = FavourOf(strategy);
  }
  internal.no_fast_forward = options.no_fast_forward;
  internal.text = {session.author(), options.message, {}};
  return internal;
}

MergeResult Describe(const txn::BranchMerged& merged) {
  MergeResult result;
  result.commit = merged.commit.ToString();
  result.changed = merged.changed;
  result.fast_forward = merged.fast_forward;
  for (const auto& table : merged.tables) {
    result.tables.push_back({table.name,
                             table.counts.entries_read,
                             table.counts.cells_decided,
                             table.counts.conflicts,
                             table.counts.settled,
                             {}});
  }
  for (const auto& conflict : merged.conflicts) {
    result.conflicts += conflict.rows + conflict.problems.size();
    auto known = std::find_if(result.tables.begin(), result.tables.end(),
                              [&](const auto& table) { return table.table == conflict.name; });
    if (known == result.tables.end()) {
      known = result.tables.insert(known, MergedTable{.table = conflict.name, .problems = {}});
    }
    known->problems.insert(known->problems.end(), conflict.problems.begin(),
                           conflict.problems.end());
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
