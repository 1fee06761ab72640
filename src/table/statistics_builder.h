// What is known of a column without reading it, gathered while its rows pass: bounds, NULLs,
// distinct values, content key. Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "engine/duckdb_headers.h"
#include "model/column_statistics.h"
#include "model/type.h"
#include "table/column_encoder.h"
#include "table/content_key.h"

namespace rhizo::table {

// Bounds are whole values here, however long; nothing if every row is NULL or the type has none.
struct Bounds {
  std::optional<std::string> min;
  std::optional<std::string> max;
  std::optional<uint64_t> max_length;  // bytes of the longest string
  uint64_t null_count = 0;

  void Join(const model::Type& type, const Bounds& other);
};

// Of rows [offset, offset + count).
Bounds BoundsOf(const model::Type& type, duckdb::Vector& vector, duckdb::idx_t offset,
                duckdb::idx_t count);
// Bytes of the longest string among rows [offset, offset + count) of a vector of strings; nothing
// if all are NULL.
std::optional<uint64_t> MaxLength(duckdb::Vector& strings, duckdb::idx_t offset,
                                  duckdb::idx_t count);
// As stored: long strings cut. Content key and distinct estimate stay empty.
model::ColumnStatistics ToStatistics(const model::Type& type, const Bounds& bounds);

class StatisticsBuilder {
 public:
  explicit StatisticsBuilder(const model::Type& type) : type_(type), key_(type) {}

  void Append(duckdb::Vector& vector, duckdb::idx_t offset, duckdb::idx_t count);
  bool HasTwins() const { return key_.HasTwins(); }
  model::ColumnStatistics Finish();

 private:
  void CountDistinct(duckdb::Vector& vector, duckdb::idx_t offset, duckdb::idx_t count);

  const model::Type type_;
  uint64_t rows_ = 0;
  Bounds bounds_;
  ContentKeyBuilder key_;
  std::unique_ptr<duckdb::DistinctStatistics> distinct_;  // of a sample; null for types without
  duckdb::Vector hashes_{duckdb::LogicalType::HASH};
};

// What DuckDB's optimizer and filters understand. Bounds need not be exact; `rows` is how many
// there are, NULLs too.
duckdb::unique_ptr<duckdb::BaseStatistics> ToEngineStatistics(
    const model::Type& type, const duckdb::LogicalType& engine_type, const Bounds& bounds,
    uint64_t rows);

}  // namespace rhizo::table
