// A transaction's own appended rows stand behind what others appended meanwhile (docs/merge.md,
// section 4).
#pragma once

#include <string>

#include "table/write.h"

namespace rhizo::table {

// `own`, which came from `snapshot`: first digits of its rows above the snapshot's greatest are
// replaced, in order, by digits greater than every first digit of `head`, also inside the paths of
// rows below them. Only rows that nobody has seen have such digits.
Result<model::TableState> RedrawDigits(const WriteContext& context,
                                       const model::TableState& snapshot,
                                       const model::TableState& own, const model::TableState& head);

}  // namespace rhizo::table
