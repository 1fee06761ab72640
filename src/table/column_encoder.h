// Columns as canonical bytes: equal values of one type give equal bytes on every machine and
// release (docs/format/values.md draws them). Used by row blocks, patches and content keys.
//
// A column of n rows, k of them not NULL:
//   u8       0 no NULL | 1 a bitmap follows
//   bitmap   ceil(n / 8) bytes, bit i % 8 of byte i / 8 set where row i is not NULL, rest 0
//   then, of the k rows in order, by type:
//     fixed width   k values, little endian (UUIDs in RFC 4122 order, booleans 0 or 1)
//     strings       k varint lengths, then the bytes
//     list, map     k varint lengths, then the column of all items (a map's are structs key, value)
//     array         the column of k * size items
//     struct        per member its column of k rows
//     union         k tags of one byte, then per member the column of the rows that have its tag
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/duckdb_headers.h"
#include "model/type.h"

namespace rhizo::table {

// Which rows of a vector, in which order: all of [offset, offset + count), or those listed.
struct RowRange {
  duckdb::idx_t offset = 0;
  duckdb::idx_t count = 0;
  const duckdb::sel_t* listed = nullptr;  // null: contiguous

  duckdb::idx_t At(duckdb::idx_t i) const { return listed ? listed[i] : offset + i; }
  duckdb::idx_t End() const;  // one past the greatest row
};

// Bytes of a fixed width type, else 0.
size_t FixedWidth(const model::Type& type);
bool IsStringKind(model::TypeKind kind);
// The type of a map's entries as the codec sees them: STRUCT(key, value), never NULL.
model::Type MapEntryType(const model::Type& map);

// Items of arrays that a vector of `rows` rows of `type` holds in memory, NULL or not (saturating).
// Canonical encodings of more than kMaxArrayItems of them are refused, so a few hostile bytes never
// become gigabytes.
uint64_t ArrayItems(const model::Type& type, uint64_t rows);
inline constexpr uint64_t kMaxArrayItems = uint64_t{1} << 23;

// Collects rows of one column and writes them as one column encoding. Not thread-safe.
class ColumnEncoder {
 public:
  explicit ColumnEncoder(const model::Type& type);
  ColumnEncoder(ColumnEncoder&&) = default;

  // `vector` has the type's engine form; dictionaries must lie over flat vectors if others read
  // them.
  void Append(duckdb::Vector& vector, const RowRange& rows);
  uint64_t rows() const { return rows_; }
  // What Flush would write.
  size_t size_bytes() const;
  // The most array items of any list level below, as ArrayItems counts them.
  uint64_t array_items() const;
  // Whether floats were appended, at any level, ever, that the engine takes for one value though
  // their bits differ (0.0 and -0.0, NaNs): its Parquet dictionaries would make them one.
  bool HasTwins() const;
  // Appends the encoding to `out` and begins a new column.
  void Flush(std::string* out);

 private:
  void AddValidRows(uint64_t count);
  void AddValidity(bool valid);
  void AppendContiguous(duckdb::Vector& vector, const char* data, const RowRange& rows);
  void AppendListed(duckdb::Vector& vector, const char* data, const RowRange& rows);
  void NoteTwins(size_t begin);
  void AppendStrings(const char* data, const RowRange& rows);
  void AppendUuids(const char* data, const RowRange& rows);
  void AppendLists(duckdb::Vector& vector, const char* data, const RowRange& rows);
  void AppendArrays(duckdb::Vector& vector, const RowRange& rows);
  void AppendStructs(duckdb::Vector& vector, const RowRange& rows);
  void AppendUnions(duckdb::Vector& vector, const RowRange& rows);
  void AppendNested(duckdb::Vector& vector, const char* data, const RowRange& rows);

  const model::Type type_;
  const model::TypeKind kind_;
  const size_t width_;
  const uint32_t array_size_;
  uint64_t rows_ = 0;
  bool has_null_ = false;
  std::optional<uint64_t> zero_bits_;  // of the first zero and the first NaN
  std::optional<uint64_t> nan_bits_;
  bool has_twins_ = false;
  std::string bitmap_;   // only once a NULL was seen
  std::string lengths_;  // varints; tags of unions
  std::string values_;   // of fixed width, or string bytes
  std::vector<std::unique_ptr<ColumnEncoder>> children_;
  std::vector<duckdb::sel_t> valid_;  // scratch
  std::vector<duckdb::sel_t> items_;  // scratch
};

}  // namespace rhizo::table
