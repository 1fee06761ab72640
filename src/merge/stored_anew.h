// Rows that the key that was would find to be one, where a side has another key, or none: they are
// the same by their ids there (docs/merge.md, section 7).
#pragma once

#include <string>

#include "merge/table_merge.h"

namespace rhizo::merge {

// Why rows would come twice, or come back, in a merge by ids of what had a key in `base`; "": they
// do not. `seen`: the merged table's columns. Costs follow the rows that came or went on a side.
Result<std::string> FindStoredAnew(const MergeMeans& means, const model::TableState& base,
                                   const model::TableState& ours, const model::TableState& theirs,
                                   const model::TableState& seen);

}  // namespace rhizo::merge
