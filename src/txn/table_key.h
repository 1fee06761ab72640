// A table's key by the names of its columns.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "model/table_state.h"

namespace rhizo::txn {

// These columns become the key; they are never NULL. kSchema naming an unknown column (and the
// nearest), one that is twice there, or of a type that cannot be part of a key.
Status TakeKey(model::TableState* state, const std::vector<std::string>& key);
// kInvalidArgument if the table has another key.
Status CheckSameKey(const model::TableState& state, const std::vector<std::string>& key);
// Whether the key's columns were of the same types in an earlier schema.
bool SameKeyTypes(const model::Schema& before, const model::TableState& state);

}  // namespace rhizo::txn
