#include "merge/side.h"

#include <algorithm>

#include "engine/errors.h"
#include "table/key_set.h"
#include "table/single_value.h"

namespace rhizo::merge {

void Stretch::Skip(uint32_t count) {
  slot += count;
  slots -= count;
  if (slots > 0) first = first.Plus(count);
}

uint32_t Stretch::SlotsBefore(const model::Place& place) const {
  uint32_t low = 0;
  uint32_t high = slots;
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    first.Plus(middle) < place ? low = middle + 1 : high = middle;
  }
  return low;
}

std::map<ObjectId, model::PositionSet> View::Patched(FieldId field) const {
  std::map<ObjectId, model::PositionSet> cells;
  for (const auto& patch : entry->patches) {
    if (patch.field != field) continue;
    auto live = patch.live.Slice(slot, slot + rows.last() + 1).Shifted(-int64_t{slot});
    live = Intersect(live, rows);
    if (!live.empty()) cells.emplace(patch.patch, std::move(live));
  }
  return cells;
}

model::PositionSet View::OtherwisePatched(const View& other, FieldId field) const {
  auto mine = Patched(field);
  auto others = other.Patched(field);
  model::PositionSet differ;
  auto add = [&](const auto& from, const auto& in) {
    for (const auto& [patch, cells] : from) {
      auto same = in.find(patch);
      differ = Union(differ, same == in.end() ? cells : Subtract(cells, same->second));
    }
  };
  add(mine, others);
  add(others, mine);
  return differ;
}

Result<Side> Side::Load(duckdb::ClientContext* client, const table::OpenTable& table,
                        const std::vector<EntryAt>& entries, const Masks& masks,
                        const Undefined* undefined) {
  Side side(client, table, undefined);
  uint64_t rows = 0;
  uint64_t slots = 0;
  for (const auto& at : entries) {
    ASSIGN_OR_RETURN(auto open, table::EntryEditor::Open(table.context(), nullptr, at.entry));
    auto entry = std::make_unique<SideEntry>(
        SideEntry{std::make_shared<const model::SegmentEntry>(at.entry), open.visible(),
                  open.visible(), open.patches(), rows, slots});
    if (auto mask = masks.find(at.key); mask != masks.end()) {
      std::vector<uint32_t> hidden(mask->second.begin(), mask->second.end());
      entry->visible = Subtract(entry->visible, model::PositionSet::FromSorted(hidden));
    }
    rows += at.entry.visible_rows;
    slots += at.entry.segment_rows;
    for (const auto& run : open.runs()) {
      side.stretches_.push_back({side.entries_.size(), run.first_slot, run.slots, run.first});
    }
    side.entries_.push_back(std::move(entry));
  }
  return side;
}

View Side::ViewOf(const Stretch& stretch, uint32_t count) const {
  View view;
  view.entry = entries_[stretch.entry].get();
  view.slot = stretch.slot;
  view.first = stretch.first;
  view.rows =
      view.entry->visible.Slice(stretch.slot, stretch.slot + count).Shifted(-int64_t{stretch.slot});
  return view;
}

View Side::ViewOf(size_t entry, uint32_t slot, model::Place place) const {
  return {entries_[entry].get(), slot, model::PositionSet::FromRange(0, 1), std::move(place)};
}

size_t Side::NumberOf(const SideEntry& entry) const {
  auto is_it = [&](const auto& other) { return other.get() == &entry; };
  return std::find_if(entries_.begin(), entries_.end(), is_it) - entries_.begin();
}

model::Place Side::PlaceOf(size_t entry, uint32_t slot) const {
  auto has_it = [&](const Stretch& stretch) {
    return stretch.entry == entry && stretch.slot <= slot && slot < stretch.slot + stretch.slots;
  };
  auto stretch = std::find_if(stretches_.begin(), stretches_.end(), has_it);
  CHECK(stretch != stretches_.end());
  return stretch->first.Plus(slot - stretch->slot);
}

std::optional<std::pair<size_t, uint32_t>> Side::Find(const model::Place& place) const {
  auto after = std::upper_bound(
      stretches_.begin(), stretches_.end(), place,
      [](const model::Place& at, const Stretch& stretch) { return at < stretch.first; });
  if (after == stretches_.begin()) return std::nullopt;
  const auto& stretch = *std::prev(after);
  if (!stretch.first.SameButPosition(place)) return std::nullopt;
  uint32_t offset = place.row_id().position - stretch.position();
  uint32_t slot = stretch.slot + offset;
  bool is_here = offset < stretch.slots && entries_[stretch.entry]->visible.Contains(slot);
  return is_here ? std::optional(std::pair(stretch.entry, slot)) : std::nullopt;
}

model::PositionSet Side::UndefinedRows(const model::Place& first, uint32_t count) const {
  return undefined_ == nullptr ? model::PositionSet() : undefined_->Rows(first.row_id(), count);
}

model::PositionSet Side::UndefinedCells(FieldId field, const model::Place& first,
                                        uint32_t count) const {
  if (undefined_ == nullptr) return {};
  return undefined_->Cells(field, first.row_id(), count);
}

bool Side::IsUndefined(const model::RowId& row, FieldId field) const {
  return undefined_ != nullptr && !undefined_->Cells(field, row, 1).empty();
}

std::vector<uint64_t> Side::RowsOf(const View& view, const model::PositionSet& offsets) const {
  std::vector<uint64_t> rows;
  rows.reserve(offsets.size());
  for (const auto& run : offsets.runs()) {
    // Rows between neighbouring visible slots follow each other.
    uint64_t row = view.entry->first_row + view.entry->shown.Rank(view.slot + run.begin);
    for (uint32_t i = 0; i < run.size(); ++i) rows.push_back(row + i);
  }
  return rows;
}

Status Side::Open(bool stored, std::unique_ptr<table::OldRows>* rows) {
  if (*rows) return {};
  auto made = std::make_unique<table::OldRows>(client_, *table_);
  for (const auto& entry : entries_) {
    auto shown = *entry->entry;
    if (stored) {
      shown = model::WholeSegment(shown.kind, shown.id, shown.segment_rows, shown.length_bytes,
                                  model::Gap{{}, model::FirstDigit()}.Start(BirthId()));
    }
    ASSIGN_OR_RETURN(auto open, table::OpenEntryOf(table_->context(), std::move(shown)));
    RETURN_IF_ERROR(made->Add(open));
  }
  *rows = std::move(made);
  return {};
}

Result<table::OldRows*> Side::rows() {
  RETURN_IF_ERROR(Open(false, &shown_));
  return shown_.get();
}

Status Side::Gather(const View& view, size_t field, const model::PositionSet& offsets,
                    duckdb::Vector* out) {
  ASSIGN_OR_RETURN(auto* all, rows());
  return all->Gather(field, RowsOf(view, offsets), out);
}

Status Side::GatherStored(const View& view, size_t field, const model::PositionSet& offsets,
                          duckdb::Vector* out) {
  RETURN_IF_ERROR(Open(true, &stored_));
  std::vector<uint64_t> slots;
  offsets.ForEach(
      [&](uint32_t offset) { slots.push_back(view.entry->first_stored + view.slot + offset); });
  return stored_->Gather(field, slots, out);
}

Result<std::vector<KeyBytes>> Side::KeysOf(const View& view, const model::PositionSet& offsets) {
  std::vector<KeyBytes> keys(offsets.size());
  const auto& fields = table_->schema().fields;
  RETURN_IF_ERROR(engine::Guarded([&]() -> Status {
    for (FieldId id : table_->state().key) {
      const auto* field = table_->schema().FindId(id);
      auto number = static_cast<size_t>(field - fields.data());
      duckdb::Vector values(table_->types()[number], keys.size());
      RETURN_IF_ERROR(Gather(view, number, offsets, &values));
      table::NormaliseKey(&values, keys.size());
      for (size_t i = 0; i < keys.size(); ++i) {
        keys[i].push_back(table::EncodeValue(field->type, values.GetValue(i)));
      }
    }
    return {};
  }));
  return keys;
}

}  // namespace rhizo::merge
