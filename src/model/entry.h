// One entry of a table's tree: a maximal run of consecutive visible rows of one segment. Its key is
// the encoded place of its first visible row, its weight its visible rows. Canonical: the same
// visible rows give the same bytes, whatever happened before (docs/format/entry.md). Regular value
// types.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "model/position_set.h"
#include "model/run.h"

namespace rhizo::model {

enum class SegmentKind : uint8_t {
  kParquet = 1,   // id is the segment info's
  kRowBlock = 2,  // id is the row block's
};

// A patch with at least one cell live on a visible row of the entry.
struct PatchRef {
  ObjectId patch;
  FieldId field = 0;
  PositionsRef dead;  // its cells that are visible in this entry but live from elsewhere
  friend bool operator==(const PatchRef&, const PatchRef&) = default;
};

inline constexpr size_t kMaxPatchesPerField = 255;

struct SegmentEntry {
  SegmentKind kind = SegmentKind::kRowBlock;
  ObjectId id;
  uint32_t segment_rows = 0;
  // Visible rows lie in slice_begin .. slice_end-1; the first and last slot of it are visible.
  uint32_t slice_begin = 0;
  uint32_t slice_end = 0;
  PositionsRef hidden;            // slots of the slice that are not visible
  std::vector<PatchRef> patches;  // sorted by (field, patch), distinct
  RunsRef runs;                   // over the visible rows
  uint64_t visible_rows = 0;      // slice_end - slice_begin - hidden.count
  uint64_t length_bytes = 0;      // of the segment, whole

  // Whether the segment's statistics and content key of `field` are this entry's own: the slice is
  // the whole segment, nothing is hidden, no patch touches the field.
  bool IsClean(FieldId field) const;
  bool IsWhole() const;
  friend bool operator==(const SegmentEntry&, const SegmentEntry&) = default;
};

// A whole segment without hidden rows and patches, its rows at gap.Start(birth).
SegmentEntry WholeSegment(SegmentKind kind, const ObjectId& id, uint32_t rows,
                          uint64_t length_bytes, Place first);

std::string Encode(const SegmentEntry& entry);
// Checks all that can be checked without fetching an object.
Result<SegmentEntry> DecodeSegmentEntry(std::string_view bytes);

// What stands in objects of their own, loaded and checked against the entry.
struct EntryRows {
  PositionSet hidden;
  RunList runs;
  PositionSet Visible(const SegmentEntry& entry) const;
};
Result<EntryRows> LoadRows(object::ObjectReader& reader, const SegmentEntry& entry);

// kCorruption unless hidden rows and runs fit the entry and each other, as the format says.
Status CheckRows(const SegmentEntry& entry, const EntryRows& rows);

}  // namespace rhizo::model
