// What statements that merge share: their means, and how they tell what contradicts.
#pragma once

#include <string>
#include <vector>

#include "db/merge_conflicts.h"
#include "db/session_impl.h"
#include "txn/branch_merge.h"

namespace rhizo::db {

txn::MergeTools MergeToolsOf(SessionImpl& session);
merge::Favour FavourOf(MergeStrategy strategy);

// The table that ours calls by this name, else the one that theirs does. kTableNotFound.
Result<TableId> FindOnEither(SessionImpl& session, const CommitId& ours, const CommitId& theirs,
                             const std::string& table);

// That one first; and, of another, the one that theirs calls so, if ours has it no more.
Result<std::vector<TableId>> FindAllCalled(SessionImpl& session, const CommitId& ours,
                                           const CommitId& theirs, const std::string& table);

Result<std::shared_ptr<const table::OpenTable>> OpenOnEither(SessionImpl& session,
                                                             const CommitId& ours,
                                                             const CommitId& theirs,
                                                             const std::string& table);

// kTableNotFound or kSchema for a strategy of a table or column that neither head has.
Result<txn::BranchMergeOptions> MergeOptionsOf(SessionImpl& session, const MergeOptions& options,
                                               const CommitId& ours, const CommitId& theirs);
// What contradicts in a table; kTableNotFound if neither head has it.
Result<MergeConflicts> FindConflicts(SessionImpl& session, const CommitId& ours,
                                     const CommitId& theirs, const std::string& table,
                                     txn::BranchMergeOptions options);

std::vector<MergedTable> Describe(const std::vector<txn::MergedTableInfo>& tables);
MergeResult Describe(const txn::BranchMerged& merged);

// Contradictions, table by table.
struct ConflictSummary {
  uint64_t conflicts = 0;  // rows, cells, and problems of tables as a whole
  std::string tables;      // names, with commas
  std::string details;     // a line for each
};
ConflictSummary Summarise(const std::vector<txn::TableConflict>& conflicts);

// A kMergeConflict with the fields "conflicts" and "tables".
Error MergeConflictOf(const std::string& message, const ConflictSummary& summary);
Error ConflictsOf(const txn::BranchMerged& merged, const std::string& source);

}  // namespace rhizo::db
