// Keys of rows of several commits, told from each other by 64 bits: a key's fields may have had
// other types then, and the table another key, or none.
#pragma once

#include <cstdint>
#include <unordered_set>
#include <vector>

#include "model/schema.h"
#include "table/row_batch.h"

namespace rhizo::table {

using KeyHashes = std::unordered_set<uint64_t>;

// A field of the key that is meant.
struct KeyPart {
  FieldId field = 0;
  duckdb::LogicalType type;     // in which values are compared
  duckdb::Value first_default;  // in it: what rows have that are older than the field
};
using KeyForm = std::vector<KeyPart>;

// Equal keys have the same hash, whatever types the rows have them in: 5 as INTEGER and as DOUBLE,
// 0.0 and -0.0. `rows` have the schema's fields.
Result<uint64_t> KeyHash(const KeyForm& key, const model::Schema& schema, RowBatch& rows,
                         uint64_t row);

}  // namespace rhizo::table
