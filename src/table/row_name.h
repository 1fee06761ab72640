// What a message calls a row: by its key.
#pragma once

#include <string>
#include <vector>

#include "table/old_rows.h"

namespace rhizo::table {

// "the row with id = 7"; "" in a table without a key.
Result<std::string> RowName(const model::Schema& schema, const std::vector<FieldId>& key,
                            OldRows* rows, uint64_t row);

}  // namespace rhizo::table
