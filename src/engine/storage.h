// The form values have inside a Parquet segment. *Native* types keep their DuckDB type and every
// Parquet reader sees the same value; *carried* types become bytes, integers, lists or structs that
// hold every bit (docs/format/types.md). Conversions are exact in both directions, also for NaN
// payloads, -0.0, infinities, empty strings and lists, and NULL at every level.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "model/schema.h"

namespace rhizo::engine {

// Whether no level of `type` is carried, so that no conversion is needed.
bool IsNative(const model::Type& type);
duckdb::LogicalType StorageType(const model::Type& type);
duckdb::vector<duckdb::LogicalType> StorageTypes(const model::Schema& schema);

// `in` of ToLogicalType(type), `out` a fresh vector of StorageType(type). For a native type `out`
// becomes a reference to `in`.
void ToStorage(const model::Type& type, duckdb::Vector& in, duckdb::Vector& out,
               duckdb::idx_t count);
// The reverse. Throws kCorruption (RhizoException) for stored values that the type cannot hold.
void FromStorage(const model::Type& type, duckdb::Vector& in, duckdb::Vector& out,
                 duckdb::idx_t count);

// The field ids of every level, for ParquetWriter.
duckdb::ChildFieldIDs StorageFieldIds(const model::Schema& schema);

// DuckDB's Parquet dictionaries take -0.0 for 0.0 and one NaN for another. Sees all values of a row
// group; if NeedsPlain() the ParquetWriter must get a dictionary size limit of 0.
class FloatBits {
 public:
  void Add(const model::Type& type, duckdb::Vector& values, duckdb::idx_t count, uint64_t column);
  bool NeedsPlain() const { return needs_plain_; }

 private:
  struct Seen {
    bool plus_zero = false;
    bool minus_zero = false;
    bool nan = false;
    uint64_t nan_bits = 0;
  };
  template <class T>
  void AddLeaf(duckdb::Vector& values, duckdb::idx_t count, Seen* seen);
  void AddChildren(const model::Type& type, duckdb::Vector& values, duckdb::idx_t count,
                   const std::string& path);
  void AddAt(const model::Type& type, duckdb::Vector& values, duckdb::idx_t count,
             const std::string& path);

  std::map<std::string, Seen> leaves_;  // by column and path of child numbers
  bool needs_plain_ = false;
};

}  // namespace rhizo::engine
