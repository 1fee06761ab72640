// Session: merging branches, and what contradicts between them.
#include <algorithm>

#include "db/merge_conflicts.h"
#include "db/merge_report.h"
#include "db/query_result_impl.h"
#include "db/table_changes.h"

namespace rhizo {
namespace {

// By the names of the tables.
Result<std::vector<TableDiff>> ChangesOf(SessionImpl& session, const CommitId& ours,
                                         const txn::MergePreview& preview) {
  std::vector<TableDiff> changes;
  if (preview.tables.empty()) return changes;
  ASSIGN_OR_RETURN(auto view, session.repository().ViewOf(ours));
  ASSIGN_OR_RETURN(auto* engine, session.Engine());
  for (const auto& table : preview.tables) {
    std::optional<txn::NamedTable> after;
    if (table.name) after = txn::NamedTable{*table.name, {table.id, table.state_id}};
    ASSIGN_OR_RETURN(auto tables, session.OpenBoth(*view, table.before, *preview.merged, after));
    ASSIGN_OR_RETURN(auto change, db::SummariseChange(&engine->client(), tables));
    if (change) changes.push_back(std::move(*change));
  }
  std::sort(changes.begin(), changes.end(),
            [](const auto& a, const auto& b) { return a.table < b.table; });
  return changes;
}

}  // namespace

Result<MergeResult> Session::Merge(const std::string& source, const MergeOptions& options) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckIdle("merge"));
  RETURN_IF_ERROR(impl_->CheckWritable());
  ASSIGN_OR_RETURN(auto theirs, impl_->ResolvePoint(source));
  ASSIGN_OR_RETURN(auto ours, impl_->ResolvePoint(options.into));
  ASSIGN_OR_RETURN(auto internal, db::MergeOptionsOf(*impl_, options, ours, theirs));
  auto branch = options.into.empty() ? impl_->branch() : options.into;
  ASSIGN_OR_RETURN(auto merged, txn::MergeBranch(impl_->repository(), db::MergeToolsOf(*impl_),
                                                 branch, theirs, internal));
  if (!merged.conflicts.empty()) return db::ConflictsOf(merged, source);
  return db::Describe(merged);
}

Result<MergeResult> Session::TryMerge(const std::string& source, const MergeOptions& options) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  ASSIGN_OR_RETURN(auto theirs, impl_->ResolvePoint(source));
  ASSIGN_OR_RETURN(auto ours, impl_->ResolvePoint(options.into));
  ASSIGN_OR_RETURN(auto internal, db::MergeOptionsOf(*impl_, options, ours, theirs));
  ASSIGN_OR_RETURN(auto now, impl_->HeadCommit());
  if (ours == now || theirs == now) RETURN_IF_ERROR(impl_->NoteAllRead());
  ASSIGN_OR_RETURN(auto preview, txn::PreviewMerge(impl_->repository(), db::MergeToolsOf(*impl_),
                                                   ours, theirs, internal));
  auto result = db::Describe(preview.outcome);
  ASSIGN_OR_RETURN(result.changes, ChangesOf(*impl_, ours, preview));
  return result;
}

Result<sql::MetadataTable> SessionImpl::ConflictTable(const std::string& ours,
                                                      const std::string& theirs,
                                                      const std::string& table) {
  if (listed_conflicts_ && ours.empty() && theirs.empty() && table.empty()) {
    return *listed_conflicts_;
  }
  ASSIGN_OR_RETURN(auto our_head, ResolvePoint(ours));
  ASSIGN_OR_RETURN(auto their_head, ResolvePoint(theirs));
  ASSIGN_OR_RETURN(auto conflicts, db::FindConflicts(*this, our_head, their_head, table, {}));
  return std::move(conflicts).Take();
}

Result<sql::RunningQuery> SessionImpl::AskConflicts(const std::string& query,
                                                    sql::MetadataTable rows) {
  ASSIGN_OR_RETURN(auto* engine, Engine());
  listed_conflicts_ = std::move(rows);
  auto asked = engine->Run(
      "WITH conflicts AS (SELECT * FROM rhizo_conflicts('', '', '')) SELECT * FROM (\n" + query +
          "\n)",
      {}, {});
  listed_conflicts_.reset();
  return asked;
}

Result<QueryResult> Session::Conflicts(const std::string& ours, const std::string& theirs,
                                       const std::string& table) {
  auto quoted = [](const std::string& text) { return duckdb::Value(text).ToSQLString(); };
  return Sql("SELECT * FROM rhizo_conflicts(" + quoted(ours) + ", " + quoted(theirs) + ", " +
             quoted(table) + ")");
}

}  // namespace rhizo
