// The order of columns, and of fields inside of one, after a merge. Pure functions.
#pragma once

#include <vector>

#include "merge/versions.h"
#include "model/schema.h"

namespace rhizo::merge {

// In the fields' order; null has none.
std::vector<FieldId> IdsOf(const std::vector<model::Field>* fields);

// A sequence changed by one side is taken. Where both changed it: the fields of both, as the side
// that moved some has them, or the smaller sequence if both did. Fields that only one side has may
// be missing from it.
std::vector<FieldId> MergeOrder(const Versions<std::vector<model::Field>>& of);

}  // namespace rhizo::merge
