// What a state or commit needs: for publishing, verification and, later, collection of garbage.
#pragma once

#include "base/id.h"
#include "base/result.h"
#include "table/write.h"

namespace rhizo::txn {

// Every object of a database state, parents before children: tree nodes, table states and all below
// them (commits are not part of it). `visit` returns false to stop descending below an object.
Status ForEachObjectOfState(const table::ReadContext& context, const ObjectId& state_root,
                            const table::VisitObject& visit);

}  // namespace rhizo::txn
