// A record batch of a user's stream, and its values as vectors. Everything a batch says is checked
// against itself before it is used: faults are thrown as RhizoException (kInvalidArgument for lies,
// kSchema for values that have no exact form here), naming the column.
#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/arrow_column.h"
#include "engine/duckdb_headers.h"

namespace rhizo::engine {

// Owns the batch; vectors that point into it share it.
class ArrowBatch {
 public:
  explicit ArrowBatch(const ArrowArray& array) : array_(array) {}
  ~ArrowBatch() {
    if (array_.release != nullptr) array_.release(&array_);
  }
  ArrowBatch(const ArrowBatch&) = delete;
  ArrowBatch& operator=(const ArrowBatch&) = delete;

  const ArrowArray& array() const { return array_; }

 private:
  ArrowArray array_;
};

class BatchConverter {
 public:
  // Checks lengths, offsets, buffers and children at every level.
  BatchConverter(const std::vector<ArrowColumn>& columns, std::shared_ptr<const ArrowBatch> batch);

  uint64_t rows() const { return static_cast<uint64_t>(batch_->array().length); }
  // Rows [start, start + count) of one column into `out`, a fresh flat vector of its type.
  void Convert(size_t column, uint64_t start, duckdb::idx_t count, duckdb::Vector* out);
  // The dictionary of a column, as PackDictionary has it; "" if it is too large or of nested type.
  std::string Dictionary(size_t column) const;

 private:
  // Rows [start, start + count) of `array`, without its offset.
  struct Rows {
    const ArrowColumn& column;
    const ArrowArray& array;
    uint64_t start;
    duckdb::idx_t count;

    uint64_t first() const { return static_cast<uint64_t>(array.offset) + start; }
  };

  void Convert(const Rows& rows, duckdb::Vector* out);
  void ConvertValues(const Rows& rows, duckdb::Vector* out);
  void ConvertBytes(const Rows& rows, duckdb::Vector* out);
  void ConvertViews(const Rows& rows, duckdb::Vector* out);
  void ConvertFixedBytes(const Rows& rows, duckdb::Vector* out);
  void ConvertList(const Rows& rows, duckdb::Vector* out);
  void ConvertListView(const Rows& rows, duckdb::Vector* out);
  void ConvertElements(const Rows& rows, uint64_t low, uint64_t high, duckdb::Vector* out);
  void ConvertFixedList(const Rows& rows, duckdb::Vector* out);
  void ConvertStruct(const Rows& rows, duckdb::Vector* out);
  void ConvertMap(const Rows& rows, duckdb::Vector* out);
  void ConvertSparseUnion(const Rows& rows, duckdb::Vector* out);
  void ConvertDenseUnion(const Rows& rows, duckdb::Vector* out);
  void ConvertRunEnds(const Rows& rows, duckdb::Vector* out);
  void ConvertDictionary(const Rows& rows, duckdb::Vector* out);
  void PutText(const Rows& rows, duckdb::idx_t row, const char* data, uint64_t size,
               duckdb::Vector* out);
  // Rows `positions` of a part of `array`, which may repeat.
  void ConvertPicked(const ArrowColumn& column, const ArrowArray& array,
                     const std::vector<uint64_t>& positions, duckdb::Vector* out);
  duckdb::Vector& DictionaryVector(const ArrowColumn& column, const ArrowArray& dictionary);

  const std::vector<ArrowColumn>& columns_;
  const std::shared_ptr<const ArrowBatch> batch_;
  std::unordered_map<const ArrowArray*, std::unique_ptr<duckdb::Vector>> dictionaries_;
};

}  // namespace rhizo::engine
