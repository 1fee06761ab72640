// Random types and values that seek trouble: NULL at every level, NaN payloads, -0.0, infinities,
// extremes, empty strings and lists, UTF-8 of all lengths; and values as text that differs when a
// bit differs.
#pragma once

#include <random>
#include <string>

#include "engine/duckdb_headers.h"
#include "model/type.h"

namespace rhizo::engine {

using Generator = std::mt19937_64;

// One type of each kind that is not nested (several decimals and enums).
std::vector<model::Type> LeafTypes();
// A type with nested types at most `depth` deep.
model::Type RandomType(Generator* random, int depth);
duckdb::Value RandomValue(Generator* random, const model::Type& type, double null_share = 0.2);
// Rows of RandomValue in a fresh vector of ToLogicalType(type).
void FillRandom(Generator* random, const model::Type& type, duckdb::Vector* out,
                duckdb::idx_t count);
// Tells apart all that differs, also -0.0 from 0.0, NaNs, and NULL from empty.
std::string ExactText(const duckdb::Value& value);

}  // namespace rhizo::engine
