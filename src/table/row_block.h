// Small segments in our own canonical encoding: the same rows and types give the same bytes on
// every machine and release. What can be derived (bounds, content keys) is not stored.
//
//   header   6 bytes, kind 2
//   varint   rows, 1 .. 2048
//   varint   fields, at least 1; per field
//     u32      field id
//     type     as in schemas
//     varint   length of its column
//   per field its column (column_encoder.h)
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/duckdb_headers.h"
#include "model/schema.h"
#include "object/object_reader.h"
#include "object/object_store.h"
#include "table/column_encoder.h"

namespace rhizo::table {

inline constexpr uint32_t kMaxRowBlockRows = 2048;
inline constexpr size_t kMaxRowBlockBytes = object::kSmallObjectBytes;

// Collects rows and makes one block of them. Not thread-safe.
class RowBlockEncoder {
 public:
  explicit RowBlockEncoder(const model::Schema& schema);

  void Append(duckdb::DataChunk& rows, duckdb::idx_t offset, duckdb::idx_t count);
  uint64_t rows() const { return rows_; }
  // Whether the rows so far fit into one block.
  bool Fits() const;
  // The block; requires Fits() and at least one row.
  std::string Finish();

 private:
  const model::Schema& schema_;
  std::vector<ColumnEncoder> columns_;
  size_t header_bytes_ = 0;
  uint64_t rows_ = 0;
};

struct RowBlockColumn {
  FieldId id = 0;
  model::Type type;
  std::string_view bytes;  // into the block
};

struct RowBlock {
  object::ObjectBytes bytes;
  uint32_t rows = 0;
  std::vector<RowBlockColumn> columns;
};

// Takes hostile bytes; columns are only located.
Result<RowBlock> OpenRowBlock(object::ObjectBytes bytes);
// One column as a fresh flat vector.
Result<duckdb::Vector> DecodeColumnOf(const RowBlock& block, size_t column);

}  // namespace rhizo::table
