// Whether two states of a database, or of a table, say the same, however their rows are stored.
// Stateless.
#pragma once

#include <memory>

#include "base/id.h"
#include "table/open_table.h"
#include "txn/merge_workspace.h"

namespace rhizo::txn {

// The same columns, rules and rows (by key, or id). Costs what differs in how it is stored.
Result<bool> IsSameTable(const merge::MergeMeans& means,
                         const std::shared_ptr<const table::OpenTable>& a,
                         const std::shared_ptr<const table::OpenTable>& b);

// The same tables under the same names. `space`: has what is not published yet.
Result<bool> HaveSameContents(Repository& repository, MergeWorkspace& space, const ObjectId& a,
                              const ObjectId& b);

}  // namespace rhizo::txn
