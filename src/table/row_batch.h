// Rows that stand beside each other, column by column: what a comparison of old and new needs to
// see of either.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "model/type.h"

namespace rhizo::table {

class RowBatch {
 public:
  virtual ~RowBatch() = default;
  // Calls `visit` for stretches of rows [begin, begin + count) of a field, in order. Vectors stay
  // valid as long as the batch.
  using Visit =
      std::function<Status(duckdb::Vector& values, duckdb::idx_t offset, duckdb::idx_t count)>;
  virtual Status ForEach(size_t field, uint64_t begin, uint64_t count, const Visit& visit) = 0;
  // Copies a field's values in some rows, in their order, to rows [out_begin, ...) of a flat
  // vector.
  Status Gather(size_t field, std::span<const uint64_t> rows, duckdb::Vector* out,
                duckdb::idx_t out_begin = 0);
};

// Rows of a chunk that somebody else keeps; field i is column i.
class ChunkRows final : public RowBatch {
 public:
  explicit ChunkRows(duckdb::DataChunk& rows) : rows_(rows) {}
  Status ForEach(size_t field, uint64_t begin, uint64_t count, const Visit& visit) override {
    return count == 0 ? Status() : visit(rows_.data[field], begin, count);
  }

 private:
  duckdb::DataChunk& rows_;
};

// One field of other rows, whatever field is asked for.
class OneField final : public RowBatch {
 public:
  OneField(RowBatch& rows, size_t field) : rows_(rows), field_(field) {}
  Status ForEach(size_t, uint64_t begin, uint64_t count, const Visit& visit) override {
    return rows_.ForEach(field_, begin, count, visit);
  }

 private:
  RowBatch& rows_;
  const size_t field_;
};

// 0, 1, ... count - 1.
std::vector<size_t> AllFields(size_t count);

// Hashes of rows [begin, begin + count) over some fields. Hints: equal values have equal hashes,
// also where only their bits differ (0.0 and -0.0); values are equal only after they were compared.
Result<std::vector<uint64_t>> HashRows(RowBatch& batch, std::span<const size_t> fields,
                                       uint64_t begin, uint64_t count);

// Calls `visit(i)` for each of `count` rows i whose values differ in a field, compared bit by bit.
Status CompareRows(const model::Type& type, size_t field, RowBatch& left, uint64_t left_begin,
                   RowBatch& right, uint64_t right_begin, uint64_t count,
                   const std::function<void(uint64_t)>& visit);

}  // namespace rhizo::table
