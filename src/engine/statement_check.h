// Which statements users may run. What only DuckDB's own settings would stop is stopped here first.
#pragma once

#include "base/result.h"
#include "engine/duckdb_headers.h"

namespace rhizo::engine {

// kUnsupported, naming the statement and what to use instead, for everything not on the list; also
// looks inside EXPLAIN and PREPARE.
Status CheckStatement(const duckdb::SQLStatement& statement);

}  // namespace rhizo::engine
