// Regions of entries whose rows are the same on all three sides: patches were put on them, nothing
// else. Where no field was patched by both, the entry is told by its patch lists alone, and nothing
// of it is read. What comes out is what the merge row by row gives (docs/merge.md, rule 2.3).
#pragma once

#include <optional>

#include "merge/regions.h"
#include "model/schema.h"

namespace rhizo::merge {

// Whether a side has the rows that base has, as they are stored there, patches aside.
bool HasRowsOfBase(const MergeRegion& region, Which side);

// The merged entries, of the fields of `schema`. Nothing: rows or fields must be decided one by
// one.
std::optional<std::vector<model::SegmentEntry>> MergePatches(const MergeRegion& region,
                                                             const model::Schema& schema);

}  // namespace rhizo::merge
