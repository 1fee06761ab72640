#include "table/overlay_cost.h"

#include <algorithm>

namespace rhizo::table {
namespace {

// About what a change costs in bytes.
constexpr uint64_t kPatchBytes = 100;
constexpr uint64_t kCellBytes = 6;
constexpr uint64_t kEntryBytes = 250;
// One touched cell in so many makes a segment worth writing anew, for scans.
constexpr uint64_t kTouchedPart = 5;
constexpr uint64_t kMaxParts = 8;
constexpr uint64_t kRowsPerPart = 2048;

}  // namespace

void OverlayCost::Change(uint64_t cells) {
  if (cells == 0) return;
  changed_cells += cells;
  patch_bytes += kPatchBytes + cells * kCellBytes;
}

bool OverlayCost::IsCheaperAnew(const model::SegmentEntry& entry, uint64_t patched_cells) const {
  uint64_t slice = entry.slice_end - entry.slice_begin;
  uint64_t hidden = slice - std::min(slice, rows);
  uint64_t touched = patched_cells + changed_cells + hidden * fields;
  if (touched * kTouchedPart > slice * fields) return true;
  if (parts > kMaxParts && rows / parts < kRowsPerPart) return true;
  uint64_t new_bytes = patch_bytes + (parts - 1) * kEntryBytes;
  return new_bytes > entry.length_bytes * rows / entry.segment_rows;
}

}  // namespace rhizo::table
