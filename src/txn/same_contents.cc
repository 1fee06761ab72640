#include "txn/same_contents.h"

#include "model/attributes.h"
#include "table/row_diff.h"
#include "txn/staged_state.h"

namespace rhizo::txn {

Result<bool> IsSameTable(const merge::MergeMeans& means,
                         const std::shared_ptr<const table::OpenTable>& a,
                         const std::shared_ptr<const table::OpenTable>& b) {
  if (!model::SameButRowsAndAttributes(a->state(), b->state())) return false;
  ASSIGN_OR_RETURN(auto diff, table::RowDiff::Open(means.client, a, b));
  ASSIGN_OR_RETURN(auto first, diff.Next());
  return !first.has_value();
}

Result<bool> HaveSameContents(Repository& repository, MergeWorkspace& space, const ObjectId& a,
                              const ObjectId& b) {
  TableOpener opener(StagedContext(repository, &space.staging()), 2);
  ASSIGN_OR_RETURN(auto tables, DifferingTables(&space.staging(), a, b));
  for (const auto& table : tables) {
    if (!table.before || table.name != table.before->name) return false;
    ASSIGN_OR_RETURN(auto one, opener.Open(table.before->entry.state));
    ASSIGN_OR_RETURN(auto other, opener.Open(table.state_id));
    ASSIGN_OR_RETURN(bool same, IsSameTable(space.means(), one, other));
    if (!same) return false;
  }
  return true;
}

}  // namespace rhizo::txn
