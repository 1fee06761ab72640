// model::Type <-> DuckDB's LogicalType, one to one, to any depth (docs/format/types.md).
#pragma once

#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "model/schema.h"
#include "model/type.h"

namespace rhizo::engine {

duckdb::LogicalType ToLogicalType(const model::Type& type);
// kSchema naming the type for what has no exact form here: GEOMETRY, VARIANT, BIGNUM, user types,
// structs without names, NULL, ... Field ids are 0; every nested field is nullable.
Result<model::Type> FromLogicalType(const duckdb::LogicalType& type);

duckdb::vector<duckdb::LogicalType> ToLogicalTypes(const model::Schema& schema);
duckdb::vector<std::string> ColumnNames(const model::Schema& schema);

}  // namespace rhizo::engine
