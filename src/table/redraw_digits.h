// A transaction's own appended rows stand behind what others appended meanwhile (docs/merge.md,
// section 4).
#pragma once

#include <string>

#include "table/write.h"

namespace rhizo::table {

// `own`, which came from `snapshot`: the first digits of the transaction's rows at its end are
// replaced, in order, by digits greater than every first digit of `head` and `snapshot`, also
// inside the paths of rows below them. Nobody has seen those rows yet.
Result<model::TableState> RedrawDigits(const WriteContext& context,
                                       const model::TableState& snapshot,
                                       const model::TableState& own, const model::TableState& head);

}  // namespace rhizo::table
