// Writes against the direction in which a column's merge rule converges: lowering a max, raising a
// min, shrinking a union, growing an intersect, changing a latest(f) without raising f, setting any
// of these to NULL (docs/merge.md, section 3). Stateless.
#pragma once

#include <memory>

#include "engine/duckdb_headers.h"
#include "table/open_table.h"

namespace rhizo::merge {

// kConstraint (fields "column", "before", "after") for a row that went against the rules of
// `after`. Looks at the rows that changed, if some rule has a direction. `client`: null where only
// row blocks are read.
Status CheckDirections(duckdb::ClientContext* client,
                       std::shared_ptr<const table::OpenTable> before,
                       std::shared_ptr<const table::OpenTable> after);

// Whether some rule of the schema has a direction.
bool HasDirections(const model::Schema& schema);

}  // namespace rhizo::merge
