// Whether changes to a segment's rows are laid over it or its rows are encoded anew. Why these
// thresholds: docs/design/0005; what overlays cost a scan: docs/benchmarks.md, "overlaid".
#pragma once

#include <cstdint>

#include "model/entry.h"

namespace rhizo::table {

struct OverlayCost {
  uint64_t fields = 0;         // of the table
  uint64_t rows = 0;           // of the entry that stay
  uint64_t parts = 1;          // entries that they become
  uint64_t changed_cells = 0;  // of them
  uint64_t patch_bytes = 0;

  // So many cells of one more field change.
  void Change(uint64_t cells);
  bool IsCheaperAnew(const model::SegmentEntry& entry, uint64_t patched_cells) const;
};

}  // namespace rhizo::table
