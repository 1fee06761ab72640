// Values that were gathered beside each other, compared.
#pragma once

#include <cstdint>
#include <functional>

#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "model/type.h"

namespace rhizo::table {

// Calls `visit(i)` for each of `count` rows i in which two vectors of a type differ, bit by bit.
Status CompareVectors(const model::Type& type, duckdb::Vector& left, duckdb::Vector& right,
                      uint64_t count, const std::function<void(uint64_t)>& visit);

}  // namespace rhizo::table
