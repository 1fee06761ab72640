// What is wrong with a value on its way into a column, said in one voice. Rows are counted from 0
// here, from 1 in messages.
#pragma once

#include <optional>

#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "model/schema.h"

namespace rhizo::sql {

std::optional<duckdb::idx_t> FirstNull(duckdb::Vector& vector, duckdb::idx_t count);
std::optional<duckdb::idx_t> FirstNotNull(duckdb::Vector& vector, duckdb::idx_t count);

// kConstraint.
Error NullInRow(const model::Field& field, uint64_t row);
// kSchema.
Error ValueDoesNotFit(const model::Field& field, const model::Type& type,
                      const duckdb::Value& value, uint64_t row);
Error TypesDoNotMeet(const model::Field& field, const model::Type& type);

}  // namespace rhizo::sql
