// The AT clause of a table as a point of history.
#pragma once

#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "sql/query_source.h"

namespace rhizo::sql {

// VERSION takes what suffix_syntax.h documents; TIMESTAMP a date, a timestamp of any precision
// (without time zone: UTC) or text of one. kInvalidArgument otherwise.
Result<AtPoint> PointOf(const duckdb::BoundAtClause& clause);

}  // namespace rhizo::sql
