// What becomes of one entry: cells of it change, parts of it stand as entries of their own, parts
// of one segment come together again. Entries are derived from what is visible, never accumulated
// (docs/format/entry.md). Not thread-safe.
#pragma once

#include <memory>
#include <vector>

#include "model/entry.h"
#include "model/schema.h"
#include "object/staging.h"
#include "table/overlay.h"

namespace rhizo::table {

// Where cells of a field lie in more patches than this, the next change writes all of them as one.
inline constexpr size_t kMaxPatchesWritten = 4;

// A patch of which cells are live on visible rows.
struct LivePatch {
  ObjectId patch;
  FieldId field = 0;
  std::shared_ptr<const model::PositionSet> cells;  // all that it has
  model::PositionSet live;
};

class EntryEditor {
 public:
  static Result<EntryEditor> Open(const ReadContext& context, object::Staging* staging,
                                  const model::SegmentEntry& entry);
  // Rows of the segment that `segment` names; what lies over it there does not count.
  EntryEditor(object::Staging* staging, model::SegmentEntry segment, model::PositionSet visible,
              model::RunList runs, std::vector<LivePatch> patches);

  const model::PositionSet& visible() const { return visible_; }
  const model::RunList& runs() const { return runs_; }
  const std::vector<LivePatch>& patches() const { return patches_; }
  // Cells that do not come from the segment.
  uint64_t patched_cells() const;

  // The cells that Change() wants if `slots` of a field change: these, and with them all of the
  // field's patched ones where there are too many patches.
  model::PositionSet CellsToWrite(FieldId field, const model::PositionSet& slots) const;
  // `values`: one per slot, in the field's type, in the order of their slots. Says how many bytes
  // the patch has.
  uint64_t Change(const model::Field& field, const model::PositionSet& slots,
                  duckdb::Vector& values);
  // Cells of a field that come from a patch.
  model::PositionSet Patched(FieldId field) const;
  // These come from the segment again.
  void SetBack(FieldId field, const model::PositionSet& slots);
  // The entry of some of the visible rows (at least one).
  model::SegmentEntry Part(const model::PositionSet& rows) const;
  // Takes in the rows of another entry of this segment, at greater slots and places.
  void Join(const EntryEditor& later);

 private:
  object::Staging* staging_;
  model::SegmentEntry entry_;
  model::PositionSet visible_;
  model::RunList runs_;
  std::vector<LivePatch> patches_;
};

}  // namespace rhizo::table
