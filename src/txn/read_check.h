// Whether what a transaction read still holds on a head that moved: backward validation of
// optimistic concurrency control (Kung and Robinson, 1981), on predicates. With it, transactions
// that write are serializable in the order of their commits. Costs what others changed. Stateless.
#pragma once

#include "engine/instance.h"
#include "txn/read_set.h"
#include "txn/repository.h"
#include "txn/table_change.h"

namespace rhizo::txn {

// kConflict (fields "table", "snapshot", "head") if rows or names that `reads` could see are not in
// `head` as they were in `snapshot`.
Status CheckReads(Repository& repository, engine::Instance* engine, const ReadSet& reads,
                  const Head& snapshot, const Head& head);

}  // namespace rhizo::txn
