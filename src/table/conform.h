// Values of an older type of a field in the type it has now: nested fields are found by their ids,
// whatever they are called and wherever they stand; what is not there is NULL; scalars are cast.
#pragma once

#include "engine/duckdb_headers.h"
#include "model/type.h"

namespace rhizo::table {

// `client`: null where no cast needs one. Throws.
duckdb::Vector Conform(duckdb::ClientContext* client, const model::Type& from,
                       const model::Type& to, const duckdb::Vector& values, duckdb::idx_t count);

}  // namespace rhizo::table
