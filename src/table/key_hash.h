// Keys of rows of several commits, told from each other by 64 bits: a key's fields may have had
// other types then.
#pragma once

#include <cstdint>
#include <unordered_set>
#include <vector>

#include "model/schema.h"
#include "table/row_batch.h"

namespace rhizo::table {

using KeyHashes = std::unordered_set<uint64_t>;

// Keys that read the same have the same hash: 5 as INTEGER and as BIGINT, 0.0 and -0.0. `rows` have
// the schema's fields; fields that it has not are left out.
Result<uint64_t> KeyHash(const model::Schema& schema, const std::vector<FieldId>& key,
                         RowBatch& rows, uint64_t row);

}  // namespace rhizo::table
