// Whether two states of a database say the same, however their rows are stored. Stateless.
#pragma once

#include "base/id.h"
#include "txn/merge_workspace.h"

namespace rhizo::txn {

// The same tables under the same names, with the same columns, rules and rows (by key, or id).
// Costs what differs in how it is stored. `space`: has what is not published yet.
Result<bool> HaveSameContents(Repository& repository, MergeWorkspace& space, const ObjectId& a,
                              const ObjectId& b);

}  // namespace rhizo::txn
