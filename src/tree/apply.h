// Edits a stored map into a new one that shares every node the edits did not touch.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "object/staging.h"
#include "tree/item.h"

namespace rhizo::tree {

// Puts `value` (with its weight) under `key`, or erases `key` if there is no value. Erasing an
// absent key and putting what is there already change nothing.
struct Edit {
  std::string key;
  std::optional<std::string> value = {};
  uint64_t weight = 0;
};

// The root of the map at `root` (zero: the empty map) with `edits`, which ascend strictly by key;
// bit by bit what Builder makes of the same entries. Costs O(edits x depth); stages only nodes of
// the new tree that the old one lacks at their place. kInvalidArgument as Builder::Add.
Result<Root> Apply(object::Staging* out, const ObjectId& root, std::vector<Edit> edits);

}  // namespace rhizo::tree
