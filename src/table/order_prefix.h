// The first 8 bytes of a value's order: a number that never falls where values rise, so that ranges
// of values can be told apart without the values. Equal values have equal prefixes; different ones
// may have.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "engine/duckdb_headers.h"

namespace rhizo::table {

// Of the `count` values of a vector without NULLs and NaNs; of types without bounds all are 0.
void AppendOrderPrefixes(duckdb::Vector& values, duckdb::idx_t count, std::vector<uint64_t>* out);
// Of everything that such statistics allow: the least and the greatest.
std::pair<uint64_t, uint64_t> OrderPrefixRange(const duckdb::BaseStatistics* statistics);

}  // namespace rhizo::table
