// Content keys: BLAKE3 over a column's type and its canonical values in row order, 2,048 rows at a
// time, and their number. Equal keys prove equal values; how the rows came (chunks, dictionaries)
// leaves no trace. Not thread-safe.
#pragma once

#include "base/blake3.h"
#include "table/column_encoder.h"

namespace rhizo::table {

class ContentKeyBuilder {
 public:
  explicit ContentKeyBuilder(const model::Type& type);

  void Append(duckdb::Vector& vector, const RowRange& rows);
  bool HasTwins() const { return encoder_.HasTwins(); }
  // The key of all rows so far; nothing may be appended after it.
  Hash256 Finish();

 private:
  void FlushChunk();

  ColumnEncoder encoder_;
  Blake3Hasher hasher_;
  std::string pending_;
  uint64_t rows_ = 0;
};

// The key of rows 0 .. rows-1 of a vector.
Hash256 ContentKeyOf(const model::Type& type, duckdb::Vector& vector, uint64_t rows);

// `type` as content keys see it: names and shapes, no field ids, so equal columns of two tables
// agree.
std::string TypeForContentKey(const model::Type& type);

}  // namespace rhizo::table
