#include "txn/commit_change.h"

#include "table/row_diff.h"
#include "txn/staged_state.h"

namespace rhizo::txn {

Result<std::optional<CommitChange>> ChangeOf(Repository& repository, const merge::MergeMeans& means,
                                             const model::Commit& commit, const CommitId& parent,
                                             const TableId& id) {
  ASSIGN_OR_RETURN(auto from, repository.ReadCommit(parent));
  ASSIGN_OR_RETURN(auto tables,
                   DifferingTables(means.context.read.small, from->state_root, commit.state_root));
  for (const auto& table : tables) {
    if (table.id != id || !table.name) continue;
    CommitChange change;
    ASSIGN_OR_RETURN(change.after, repository.tables()->Open(table.state_id));
    if (table.before) {
      ASSIGN_OR_RETURN(change.before, repository.tables()->Open(table.before->entry.state));
      ASSIGN_OR_RETURN(change.after, table::InTypesOfBoth(*change.before, change.after));
    } else {
      ASSIGN_OR_RETURN(change.before, table::WithoutRows(*change.after));
    }
    return std::optional(std::move(change));
  }
  return std::optional<CommitChange>();
}

}  // namespace rhizo::txn
