#include "table/entry_editor.h"

#include <algorithm>
#include <tuple>

#include "table/patch.h"

namespace rhizo::table {

EntryEditor::EntryEditor(object::Staging* staging, model::SegmentEntry segment,
                         model::PositionSet visible, model::RunList runs,
                         std::vector<LivePatch> patches)
    : staging_(staging),
      entry_(std::move(segment)),
      visible_(std::move(visible)),
      runs_(std::move(runs)),
      patches_(std::move(patches)) {}

Result<EntryEditor> EntryEditor::Open(const ReadContext& context, object::Staging* staging,
                                      const model::SegmentEntry& entry) {
  ASSIGN_OR_RETURN(auto overlay, LoadOverlay(context, entry));
  std::vector<LivePatch> patches;
  for (size_t i = 0; i < overlay->patches.size(); ++i) {
    const auto& patch = overlay->patches[i];
    patches.push_back({entry.patches[i].patch, patch.field,
                       std::make_shared<const model::PositionSet>(patch.cells),
                       model::PositionSet::FromSorted(patch.slots)});
  }
  return EntryEditor(staging, entry, overlay->visible, overlay->runs, std::move(patches));
}

uint64_t EntryEditor::patched_cells() const {
  uint64_t cells = 0;
  for (const auto& patch : patches_) cells += patch.live.size();
  return cells;
}

model::PositionSet EntryEditor::CellsToWrite(FieldId field, const model::PositionSet& slots) const {
  size_t patches = 1;
  model::PositionSet all = slots;
  for (const auto& patch : patches_) {
    if (patch.field != field || Subtract(patch.live, slots).empty()) continue;
    ++patches;
    all = Union(all, patch.live);
  }
  return patches > kMaxPatchesWritten ? all : slots;
}

model::PositionSet EntryEditor::Patched(FieldId field) const {
  model::PositionSet cells;
  for (const auto& patch : patches_) {
    if (patch.field == field) cells = Union(cells, patch.live);
  }
  return cells;
}

void EntryEditor::SetBack(FieldId field, const model::PositionSet& slots) {
  for (auto& patch : patches_) {
    if (patch.field == field) patch.live = Subtract(patch.live, slots);
  }
  std::erase_if(patches_, [](const auto& patch) { return patch.live.empty(); });
}

uint64_t EntryEditor::Change(const model::Field& field, const model::PositionSet& slots,
                             duckdb::Vector& values) {
  CHECK(!slots.empty());
  SetBack(field.id, slots);
  auto bytes = EncodePatch(field.id, field.type, slots, values);
  uint64_t size = bytes.size();
  patches_.push_back({staging_->Add(std::move(bytes)), field.id,
                      std::make_shared<const model::PositionSet>(slots), slots});
  return size;
}

model::SegmentEntry EntryEditor::Part(const model::PositionSet& rows) const {
  CHECK(!rows.empty());
  model::SegmentEntry part = entry_;
  part.slice_begin = rows.first();
  part.slice_end = rows.last() + 1;
  part.hidden = model::Store(*staging_, rows.Complement(part.slice_begin, part.slice_end));
  part.visible_rows = rows.size();
  part.runs = model::Store(*staging_, model::TrimRuns(runs_, rows));
  part.patches.clear();
  for (const auto& patch : patches_) {
    auto live = Intersect(patch.live, rows);
    if (live.empty()) continue;
    auto dead = Subtract(Intersect(*patch.cells, rows), live);
    part.patches.push_back({patch.patch, patch.field, model::Store(*staging_, dead)});
  }
  std::sort(part.patches.begin(), part.patches.end(), [](const auto& a, const auto& b) {
    return std::tie(a.field, a.patch) < std::tie(b.field, b.patch);
  });
  return part;
}

void EntryEditor::Join(const EntryEditor& later) {
  CHECK(later.entry_.id == entry_.id);
  visible_ = Union(visible_, later.visible_);
  runs_ = model::JoinRuns(std::move(runs_), later.runs_);
  for (const auto& patch : later.patches_) {
    auto same = std::find_if(patches_.begin(), patches_.end(), [&](const auto& mine) {
      return mine.patch == patch.patch && mine.field == patch.field;
    });
    if (same == patches_.end()) {
      patches_.push_back(patch);
    } else {
      same->live = Union(same->live, patch.live);
    }
  }
}

}  // namespace rhizo::table
