// model::Type <-> DuckDB's LogicalType, one to one, to any depth (docs/format/types.md).
#pragma once

#include <string_view>

#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "model/schema.h"
#include "model/type.h"

namespace rhizo::engine {

// A type without children (yet).
model::Type OfKind(model::TypeKind kind);
model::Type DecimalOf(uint8_t precision, uint8_t scale);

duckdb::LogicalType ToLogicalType(const model::Type& type);
// kSchema naming the type for what has no exact form here: GEOMETRY, VARIANT, BIGNUM, user types,
// collations, structs without names, NULL, ... Field ids are 0; every nested field is nullable.
Result<model::Type> FromLogicalType(const duckdb::LogicalType& type);
// The same for a column of a query's result, which need not be stored: NULL is an INTEGER,
// collations and aliases are dropped, unnamed struct fields are called "1", "2", ...
Result<model::Type> FromResultType(const duckdb::LogicalType& type);

// DuckDB's bit strings: a byte with the number of padding bits (ones, at the front), then the bits.
bool IsBitString(std::string_view bytes);

duckdb::vector<duckdb::LogicalType> ToLogicalTypes(const model::Schema& schema);
duckdb::vector<std::string> ColumnNames(const model::Schema& schema);

}  // namespace rhizo::engine
