// Database states that are put together in a staging area, and what of it a commit needs.
#pragma once

#include <utility>
#include <vector>

#include "object/staging.h"
#include "txn/repository.h"
#include "txn/table_change.h"

namespace rhizo::txn {

table::ReadContext StagedContext(Repository& repository, object::Staging* staging);

// The database state `root` with the given tables in place of what they were before.
Result<ObjectId> ApplyTables(object::Staging* staging, const ObjectId& root,
                             const std::vector<PlacedTable>& tables);

// Tables of the state `after` that are not as in `before`, with what became of them as a merge says
// it.
Result<std::vector<PlacedTable>> DifferingTables(object::ObjectReader* reader,
                                                 const ObjectId& before, const ObjectId& after);

using StagedObjects = std::vector<std::pair<ObjectId, object::ObjectBytes>>;
// Staged objects that a commit needs: nothing that an earlier attempt or an overwritten state left
// behind.
Result<StagedObjects> CollectStaged(Repository& repository, object::Staging* staging,
                                    const ObjectId& state_root, const ObjectId& commit);
// Objects too large for the metadata store go to the object store, and leave `objects`; then
// everything there is made durable.
Status StoreLarge(Repository& repository, StagedObjects* objects);

}  // namespace rhizo::txn
