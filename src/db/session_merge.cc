// Session: merging branches, and what contradicts between them.
#include <algorithm>

#include "db/merge_conflicts.h"
#include "db/merge_report.h"
#include "db/session_impl.h"

namespace rhizo {
namespace {

Result<txn::BranchMergeOptions> Internal(const MergeOptions& options, const std::string& author) {
  txn::BranchMergeOptions internal;
  internal.database.favour = db::FavourOf(options.strategy);
  for (const auto& [table, strategy] : options.tables) {
    ASSIGN_OR_RETURN(auto name, model::QualifiedName::Parse(table));
    internal.database.by_table[name.ToString()] = db::FavourOf(strategy);
  }
  for (const auto& [column, strategy] : options.columns) {
    ASSIGN_OR_RETURN(auto name, model::QualifiedName::Parse(column.first));
    internal.database.by_column[{name.ToString(), column.second}] = db::FavourOf(strategy);
  }
  internal.no_fast_forward = options.no_fast_forward;
  internal.text = {author, options.message, {}};
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
  return db::MergeConflictOf("merge: \"" + source + "\" contradicts this branch",
                             db::Summarise(merged.conflicts))
      .With("ours", merged.ours.ToString())
      .With("theirs", merged.theirs.ToString());
}

}  // namespace

Result<MergeResult> Session::Merge(const std::string& source, const MergeOptions& options) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckIdle("merge"));
  RETURN_IF_ERROR(impl_->CheckWritable());
  ASSIGN_OR_RETURN(auto theirs, impl_->ResolvePoint(source));
  ASSIGN_OR_RETURN(auto internal, Internal(options, impl_->author()));
  auto branch = options.into.empty() ? impl_->branch() : options.into;
  ASSIGN_OR_RETURN(auto merged, txn::MergeBranch(impl_->repository(), db::MergeToolsOf(*impl_),
                                                 branch, theirs, internal));
  auto result = Describe(merged);
  if (!merged.conflicts.empty()) return ConflictsOf(merged, source);
  return result;
}

Result<MergeResult> Session::TryMerge(const std::string& source, const MergeOptions& options) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  ASSIGN_OR_RETURN(auto theirs, impl_->ResolvePoint(source));
  ASSIGN_OR_RETURN(auto ours, impl_->ResolvePoint(options.into));
  ASSIGN_OR_RETURN(auto internal, Internal(options, impl_->author()));
  ASSIGN_OR_RETURN(auto merged, txn::TryMerge(impl_->repository(), db::MergeToolsOf(*impl_), ours,
                                              theirs, internal));
  return Describe(merged);
}

Result<sql::MetadataTable> SessionImpl::ConflictTable(const std::string& ours,
                                                      const std::string& theirs,
                                                      const std::string& table) {
  ASSIGN_OR_RETURN(auto name, model::QualifiedName::Parse(table));
  ASSIGN_OR_RETURN(auto our_head, ResolvePoint(ours));
  ASSIGN_OR_RETURN(auto their_head, ResolvePoint(theirs));
  db::MergeConflicts conflicts;
  txn::BranchMergeOptions options;
  options.database.on_conflicts = [&](const std::string& of, const model::Schema& schema,
                                      merge::RegionConflicts& region) {
    return of == name.ToString() ? conflicts.Add(schema, region) : Status();
  };
  ASSIGN_OR_RETURN(auto merged, txn::TryMerge(repository(), db::MergeToolsOf(*this), our_head,
                                              their_head, options));
  static_cast<void>(merged);
  if (!conflicts.any()) {
    ASSIGN_OR_RETURN(auto view, repository().ViewOf(our_head));
    ASSIGN_OR_RETURN(auto open, view->FindTable(name));
    if (!open) return db::UnknownTable(*view, name);
    conflicts.TakeSchema(open->schema());
  }
  return std::move(conflicts).Take();
}

Result<QueryResult> Session::Conflicts(const std::string& ours, const std::string& theirs,
                                       const std::string& table) {
  auto quoted = [](const std::string& text) { return duckdb::Value(text).ToSQLString(); };
  return Sql("SELECT * FROM rhizo_conflicts(" + quoted(ours) + ", " + quoted(theirs) + ", " +
             quoted(table) + ")");
}

}  // namespace rhizo
