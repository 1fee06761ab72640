#include "table/overlay.h"

#include "table/patch.h"

namespace rhizo::table {
namespace {

Error BadPatch(const model::PatchRef& ref, std::string_view what) {
  return Corruption("patch " + ref.patch.Short() + " " + std::string(what))
      .With("object", ref.patch.ToString());
}

Result<OpenPatch> OpenOne(const ReadContext& context, const model::SegmentEntry& entry,
                          const model::PositionSet& visible, const model::PatchRef& ref) {
  ASSIGN_OR_RETURN(auto bytes, context.small->Read(ref.patch));
  ASSIGN_OR_RETURN(auto patch, DecodePatch(*bytes));
  if (patch.field != ref.field) return BadPatch(ref, "is of another field");
  if (patch.slots.last() >= entry.segment_rows) return BadPatch(ref, "is of another segment");
  ASSIGN_OR_RETURN(auto dead, model::Load(*context.small, ref.dead));
  auto seen = Intersect(patch.slots, visible);
  if (Subtract(dead, seen) != model::PositionSet()) {
    return BadPatch(ref, "has dead cells that it has not");
  }
  auto live = Subtract(seen, dead);
  if (live.empty()) return BadPatch(ref, "has no live cell in an entry that lists it");
  OpenPatch open{ref.field, std::move(patch.type),  std::move(patch.slots), live.ToVector(),
                 {},        std::move(patch.values)};
  for (auto slot : open.slots) open.value_index.push_back(open.cells.Rank(slot));
  return open;
}

Status CheckOneLiveCellEach(const model::SegmentEntry& entry, const Overlay& overlay) {
  for (size_t i = 1; i < overlay.patches.size(); ++i) {
    // Patches of one field stand side by side; their cells must not meet.
    auto mine = model::PositionSet::FromSorted(overlay.patches[i].slots);
    for (size_t j = i; j-- > 0 && overlay.patches[j].field == overlay.patches[i].field;) {
      auto other = model::PositionSet::FromSorted(overlay.patches[j].slots);
      if (!Intersect(mine, other).empty()) {
        return BadPatch(entry.patches[i], "has a live cell where another patch has one");
      }
    }
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const Overlay>> LoadOverlay(const ReadContext& context,
                                                   const model::SegmentEntry& entry) {
  auto overlay = std::make_shared<Overlay>();
  ASSIGN_OR_RETURN(auto rows, model::LoadRows(*context.small, entry));
  overlay->visible = rows.Visible(entry);
  overlay->runs = std::move(rows.runs);
  for (const auto& ref : entry.patches) {
    ASSIGN_OR_RETURN(auto patch, OpenOne(context, entry, overlay->visible, ref));
    overlay->patches.push_back(std::move(patch));
  }
  RETURN_IF_ERROR(CheckOneLiveCellEach(entry, *overlay));
  return std::shared_ptr<const Overlay>(std::move(overlay));
}

Result<std::shared_ptr<const Overlay>> OverlaySlot::Get(const ReadContext& context,
                                                        const model::SegmentEntry& entry) {
  std::lock_guard lock(mutex_);
  if (!overlay_) {
    ASSIGN_OR_RETURN(overlay_, LoadOverlay(context, entry));
  }
  return overlay_;
}

}  // namespace rhizo::table
