// Rows in memory, one behind the other, to be looked at in any order. Not thread-safe while rows
// are added.
#pragma once

#include <memory>
#include <vector>

#include "model/schema.h"
#include "table/row_batch.h"
#include "table/row_source.h"

namespace rhizo::table {

class HeldRows final : public RowBatch {
 public:
  explicit HeldRows(const std::vector<duckdb::LogicalType>& types)
      : types_(types.begin(), types.end()) {}

  // Copies rows [offset, offset + count) of `rows`. Throws.
  void Append(duckdb::DataChunk& rows, duckdb::idx_t offset, duckdb::idx_t count);
  uint64_t rows() const { return rows_; }
  duckdb::Value ValueOf(size_t field, uint64_t row) const;
  Status ForEach(size_t field, uint64_t begin, uint64_t count, const Visit& visit) override;

 private:
  const duckdb::vector<duckdb::LogicalType> types_;
  std::vector<std::unique_ptr<duckdb::DataChunk>> chunks_;  // all but the last are full
  uint64_t rows_ = 0;
};

// Some of those rows, in the given order, as rows that come.
class HeldRowSource final : public RowSource {
 public:
  // All outlive the source.
  HeldRowSource(const model::Schema& schema, HeldRows& rows, std::span<const uint64_t> chosen)
      : schema_(schema), rows_(rows), left_(chosen) {}

  const model::Schema& schema() const override { return schema_; }
  Result<bool> Next(duckdb::DataChunk* chunk) override;

 private:
  const model::Schema& schema_;
  HeldRows& rows_;
  std::span<const uint64_t> left_;
};

}  // namespace rhizo::table
