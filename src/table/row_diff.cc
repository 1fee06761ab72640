#include "table/row_diff.h"

#include <algorithm>

#include "engine/errors.h"
#include "model/held_type.h"
#include "table/compare_vectors.h"
#include "table/entry_edits.h"
#include "table/key_set.h"
#include "table/refit_default.h"
#include "tree/diff.h"

namespace rhizo::table {
namespace {

uint32_t PositionOf(const model::Place& place) { return place.levels.back().position; }

struct RowRun {
  uint64_t begin = 0;
  uint64_t count = 0;
};

// Neighbouring rows that came (or went), as they are called in their batch.
std::vector<RowRun> RunsOf(const DiffRegion& region, RowChangeKind kind) {
  std::vector<RowRun> runs;
  for (const auto& change : region.changes) {
    if (change.kind != kind) continue;
    uint64_t row = kind == RowChangeKind::kInsert ? change.after : change.before;
    if (runs.empty() || runs.back().begin + runs.back().count != row) runs.push_back({row, 0});
    ++runs.back().count;
  }
  return runs;
}

}  // namespace

// Visible rows at consecutive slots and places of one entry.
struct RowDiff::Stretch {
  uint64_t row = 0;  // in the region
  size_t entry = 0;  // among the region's
  uint32_t slot = 0;
  uint64_t rows = 0;
  model::Place first;

  void Skip(uint64_t count) {
    row += count;
    slot += static_cast<uint32_t>(count);
    rows -= count;
    if (rows > 0) first = first.Plus(static_cast<uint32_t>(count));
  }
  // How many of its rows lie before `place`, which is none of theirs.
  uint64_t RowsBefore(const model::Place& place) const {
    uint64_t low = 0;
    uint64_t high = rows;
    while (low < high) {
      uint64_t middle = (low + high) / 2;
      first.Plus(static_cast<uint32_t>(middle)) < place ? low = middle + 1 : high = middle;
    }
    return low;
  }
};

struct RowDiff::SideRows {
  std::unique_ptr<OldRows> rows;
  std::vector<LaidOn> entries;
  std::vector<Stretch> stretches;
};

// Cells of a field whose value does not come from where it came from before.
model::PositionSet RowDiff::OtherwisePatched(const LaidOn& was, const LaidOn& is, FieldId field) {
  auto live_in = [&](const LaidOn& entry, const ObjectId& patch) {
    for (size_t i = 0; i < entry.entry.patches.size(); ++i) {
      const auto& ref = entry.entry.patches[i];
      if (ref.field != field || ref.patch != patch) continue;
      return model::PositionSet::FromSorted(entry.overlay->patches[i].slots);
    }
    return model::PositionSet();
  };
  model::PositionSet cells;
  for (const auto* entry : {&was, &is}) {
    for (const auto& ref : entry->entry.patches) {
      if (ref.field != field) continue;
      auto before = live_in(was, ref.patch);
      auto after = live_in(is, ref.patch);
      cells = Union(cells, Union(Subtract(before, after), Subtract(after, before)));
    }
  }
  return cells;
}

std::vector<uint64_t> DiffRegion::NewRows() const {
  std::vector<uint64_t> rows;
  for (const auto& change : changes) {
    if (change.kind != RowChangeKind::kDelete) rows.push_back(change.after);
  }
  return rows;
}

Result<std::shared_ptr<const OpenTable>> InTypesOfBoth(const OpenTable& before,
                                                       std::shared_ptr<const OpenTable> after) {
  auto seen = std::make_shared<model::TableState>(after->state());
  bool same = true;
  for (auto& field : seen->schema.fields) {
    const auto* earlier = before.schema().FindId(field.id);
    if (earlier == nullptr) continue;
    auto both = field;
    auto type = model::TypeOfBoth(field.type, earlier->type);
    bool is_rounded = !model::Holds(type, field.type) || !model::Holds(type, earlier->type);
    // Other keys would be equal: rows are the same by their ids then.
    if (is_rounded && std::ranges::count(seen->key, field.id) > 0) seen->key.clear();
    auto became = BecomeType(&both, std::move(type));
    if (!became) continue;  // its default is a value that the type does not have
    same &= both.type == field.type && seen->key == after->state().key;
    field = std::move(both);
  }
  if (same) return after;
  return OpenTable::Open(after->context(), after->state_id(), std::move(seen));
}

Result<std::shared_ptr<const OpenTable>> WithoutRows(const OpenTable& like) {
  auto state = model::WithRowsOf(like.state(), model::TableState());
  return OpenTable::Open(like.context(), ObjectId(),
                         std::make_shared<const model::TableState>(std::move(state)));
}

Result<RowDiff> RowDiff::Open(duckdb::ClientContext* client,
                              std::shared_ptr<const OpenTable> before,
                              std::shared_ptr<const OpenTable> after) {
  bool by_key = !before->state().key.empty() && before->state().key == after->state().key;
  auto seen_later = std::make_shared<model::TableState>(before->state());
  seen_later->schema = after->schema();
  std::vector<bool> compared(after->schema().fields.size(), true);
  const auto& used = before->state().used_field_ids;
  for (size_t field = 0; field < compared.size(); ++field) {
    auto& about = seen_later->schema.fields[field];
    bool was_dropped = before->schema().FindId(about.id) == nullptr &&
                       std::find(used.begin(), used.end(), about.id) != used.end();
    if (!was_dropped) continue;
    // What older segments hold of it is not in this version: nothing is found under this id.
    about.id = -1 - static_cast<FieldId>(field);
    compared[field] = false;
  }
  ASSIGN_OR_RETURN(before, OpenTable::Open(before->context(), before->state_id(), seen_later));
  RowDiff diff(client, std::move(before), std::move(after));
  diff.compared_ = std::move(compared);
  RETURN_IF_ERROR(diff.Collect());
  if (by_key) RETURN_IF_ERROR(diff.FindMoved());
  return diff;
}

Status RowDiff::Collect() {
  std::deque<Side> olds;
  std::deque<Side> news;
  auto add = [](const OpenTable& table, std::string_view value, std::deque<Side>* sides) -> Status {
    Side side;
    ASSIGN_OR_RETURN(side.entry, model::DecodeSegmentEntry(value));
    auto& reader = *table.context().small;
    ASSIGN_OR_RETURN(auto first, FirstPlace(reader, side.entry));
    ASSIGN_OR_RETURN(auto last, LastPlace(reader, side.entry));
    side.first = model::EncodePlace(first);
    side.last = model::EncodePlace(last);
    sides->push_back(std::move(side));
    return {};
  };
  auto visit = [&](const tree::DiffEntry& entry) -> Status {
    if (entry.before) RETURN_IF_ERROR(add(*before_, *entry.before, &olds));
    if (entry.after) RETURN_IF_ERROR(add(*after_, *entry.after, &news));
    return {};
  };
  tree::Tree old_tree(before_->context().small, before_->state().tree_root);
  tree::Tree new_tree(after_->context().small, after_->state().tree_root);
  RETURN_IF_ERROR(tree::Diff(old_tree, new_tree, visit));
  Group(std::move(olds), std::move(news));
  return {};
}

// Entries whose places overlap, however they were cut.
void RowDiff::Group(std::deque<Side> olds, std::deque<Side> news) {
  while (!olds.empty() || !news.empty()) {
    auto& overlap = overlaps_.emplace_back();
    std::string end;
    auto take = [&](std::deque<Side>* from, std::vector<Side>* into) {
      end = std::max(end, from->front().last);
      into->push_back(std::move(from->front()));
      from->pop_front();
    };
    bool old_first = news.empty() || (!olds.empty() && olds.front().first <= news.front().first);
    old_first ? take(&olds, &overlap.olds) : take(&news, &overlap.news);
    for (bool grown = true; grown;) {
      grown = false;
      while (!olds.empty() && olds.front().first <= end) take(&olds, &overlap.olds), grown = true;
      while (!news.empty() && news.front().first <= end) take(&news, &overlap.news), grown = true;
    }
  }
}

Result<std::optional<DiffRegion>> RowDiff::Next() {
  while (next_ < overlaps_.size()) {
    size_t number = next_++;
    ASSIGN_OR_RETURN(auto region, Compare(overlaps_[number], true));
    if (!moved_in_.empty()) RETURN_IF_ERROR(SettleMoved(number, &region));
    if (!region.changes.empty()) return std::optional(std::move(region));
  }
  return std::optional<DiffRegion>();
}

Result<RowChangeCounts> RowDiff::Count() {
  RowChangeCounts counts;
  while (true) {
    ASSIGN_OR_RETURN(auto region, Next());
    if (!region) return counts;
    for (const auto& change : region->changes) {
      counts.inserted += change.kind == RowChangeKind::kInsert;
      counts.updated += change.kind == RowChangeKind::kUpdate;
      counts.deleted += change.kind == RowChangeKind::kDelete;
    }
  }
}

// Rows that went under a key under which a row came.
Status RowDiff::FindMoved() {
  std::vector<size_t> with_inserts;
  std::vector<size_t> with_deletes;
  for (size_t number = 0; number < overlaps_.size(); ++number) {
    ASSIGN_OR_RETURN(auto region, Compare(overlaps_[number], false));
    if (!RunsOf(region, RowChangeKind::kInsert).empty()) with_inserts.push_back(number);
    if (!RunsOf(region, RowChangeKind::kDelete).empty()) with_deletes.push_back(number);
  }
  if (with_inserts.empty() || with_deletes.empty()) return {};
  KeySet keys(schema(), after_->state().key);
  std::vector<RowIn> came;  // by number of the key
  for (size_t number : with_inserts) {
    ASSIGN_OR_RETURN(auto region, Compare(overlaps_[number], false));
    for (auto [begin, count] : RunsOf(region, RowChangeKind::kInsert)) {
      RETURN_IF_ERROR(keys.Add(*region.after, begin, count));
      for (uint64_t i = 0; i < count; ++i) came.push_back({number, begin + i});
    }
  }
  for (size_t number : with_deletes) {
    ASSIGN_OR_RETURN(auto region, Compare(overlaps_[number], false));
    auto note = [&, number = number](uint64_t key, uint64_t row) {
      moved_out_.insert({number, row});
      moved_in_[came[key]] = {number, row};
    };
    for (auto [begin, count] : RunsOf(region, RowChangeKind::kDelete)) {
      RETURN_IF_ERROR(keys.Find(*region.before, begin, count, note));
    }
  }
  return {};
}

// A row that came elsewhere did not go; a row that was elsewhere is compared with what it was.
Status RowDiff::SettleMoved(size_t overlap, DiffRegion* region) {
  std::vector<RowIn> from;
  std::vector<uint64_t> to;
  std::vector<RowChange> changes;
  for (auto& change : region->changes) {
    if (change.kind == RowChangeKind::kDelete && moved_out_.contains({overlap, change.before})) {
      continue;
    }
    if (change.kind == RowChangeKind::kInsert) {
      auto moved = moved_in_.find({overlap, change.after});
      if (moved != moved_in_.end()) {
        from.push_back(moved->second);
        to.push_back(change.after);
        continue;
      }
    }
    changes.push_back(std::move(change));
  }
  ASSIGN_OR_RETURN(auto moved, CompareMoved(region, from, to));
  changes.insert(changes.end(), moved.begin(), moved.end());
  region->changes = std::move(changes);
  return {};
}

Result<std::vector<RowChange>> RowDiff::CompareMoved(DiffRegion* region,
                                                     const std::vector<RowIn>& from,
                                                     const std::vector<uint64_t>& to) {
  std::map<std::pair<size_t, size_t>, uint64_t>
      added;  // (overlap, old entry) -> its first row here
  std::vector<uint64_t> before;
  for (const auto& row : from) {
    uint64_t rank = row.row;
    size_t entry = 0;
    const auto& olds = overlaps_[row.overlap].olds;
    while (rank >= olds[entry].entry.visible_rows) rank -= olds[entry++].entry.visible_rows;
    auto [known, is_new] = added.try_emplace({row.overlap, entry}, region->before->rows());
    if (is_new) {
      ASSIGN_OR_RETURN(auto open, OpenEntryOf(before_->context(), olds[entry].entry));
      RETURN_IF_ERROR(region->before->Add(open));
    }
    before.push_back(known->second + rank);
  }
  std::vector<RowChange> changes;
  for (size_t i = 0; i < to.size(); ++i) {
    changes.push_back({RowChangeKind::kUpdate, before[i], to[i], {}});
  }
  RETURN_IF_ERROR(engine::Guarded([&]() -> Status {
    for (uint32_t field = 0; !to.empty() && field < schema().fields.size(); ++field) {
      if (!compared_[field]) continue;
      duckdb::Vector old_values(types()[field], to.size());
      duckdb::Vector new_values(types()[field], to.size());
      RETURN_IF_ERROR(region->before->Gather(field, before, &old_values));
      RETURN_IF_ERROR(region->after->Gather(field, to, &new_values));
      RETURN_IF_ERROR(CompareVectors(schema().fields[field].type, old_values, new_values, to.size(),
                                     [&](uint64_t i) { changes[i].changed.push_back(field); }));
    }
    return {};
  }));
  std::erase_if(changes, [](const auto& change) { return change.changed.empty(); });
  return changes;
}

Result<RowDiff::SideRows> RowDiff::Load(const OpenTable& table, const std::vector<Side>& sides) {
  SideRows loaded;
  loaded.rows = std::make_unique<OldRows>(client_, table);
  for (const auto& side : sides) {
    uint64_t row = loaded.rows->rows();
    size_t number = loaded.entries.size();
    ASSIGN_OR_RETURN(auto open, OpenEntryOf(table.context(), side.entry));
    ASSIGN_OR_RETURN(auto overlay, open.overlay->Get(table.context(), open.entry));
    RETURN_IF_ERROR(loaded.rows->Add(open));
    for (const auto& run : overlay->runs) {
      auto visible = overlay->visible.Slice(run.first_slot, run.end_slot());
      for (const auto& slots : visible.runs()) {
        loaded.stretches.push_back(
            {row, number, slots.begin, slots.size(), run.PlaceOf(slots.begin)});
        row += slots.size();
      }
    }
    loaded.entries.push_back({side.entry, std::move(overlay)});
  }
  return loaded;
}

Result<DiffRegion> RowDiff::Compare(const Overlap& overlap, bool by_value) {
  ASSIGN_OR_RETURN(auto before, Load(*before_, overlap.olds));
  ASSIGN_OR_RETURN(auto after, Load(*after_, overlap.news));
  DiffRegion region;
  auto gone = [&](Stretch* old, uint64_t rows) {
    for (uint64_t i = 0; i < rows; ++i) {
      region.changes.push_back({RowChangeKind::kDelete, old->row + i, 0, {}});
    }
    old->Skip(rows);
  };
  auto came = [&](Stretch* now, uint64_t rows) {
    for (uint64_t i = 0; i < rows; ++i) {
      region.changes.push_back({RowChangeKind::kInsert, 0, now->row + i, {}});
    }
    now->Skip(rows);
  };
  auto old = before.stretches.begin();
  auto now = after.stretches.begin();
  while (old != before.stretches.end() || now != after.stretches.end()) {
    if (now == after.stretches.end()) {
      gone(&*old, old->rows);
    } else if (old == before.stretches.end()) {
      came(&*now, now->rows);
    } else if (old->first.SameButPosition(now->first)) {
      uint64_t a = PositionOf(old->first);
      uint64_t b = PositionOf(now->first);
      if (a < b) {
        gone(&*old, std::min(old->rows, b - a));
      } else if (b < a) {
        came(&*now, std::min(now->rows, a - b));
      } else {
        uint64_t rows = std::min(old->rows, now->rows);
        if (by_value) {
          RETURN_IF_ERROR(CompareStretch(before, *old, after, *now, rows, &region));
        }
        old->Skip(rows);
        now->Skip(rows);
      }
    } else if (old->first < now->first) {
      gone(&*old, old->RowsBefore(now->first));
    } else {
      came(&*now, now->RowsBefore(old->first));
    }
    if (old != before.stretches.end() && old->rows == 0) ++old;
    if (now != after.stretches.end() && now->rows == 0) ++now;
  }
  region.before = std::move(before.rows);
  region.after = std::move(after.rows);
  return region;
}

Status RowDiff::CompareStretch(const SideRows& before, const Stretch& old, const SideRows& after,
                               const Stretch& now, uint64_t rows, DiffRegion* region) {
  const auto& was = before.entries[old.entry];
  const auto& is = after.entries[now.entry];
  bool same_cells = was.entry.id == is.entry.id && old.slot == now.slot;
  const auto end_slot = static_cast<uint32_t>(old.slot + rows);
  std::vector<std::pair<uint64_t, uint32_t>> found;  // row of the stretch, field
  for (uint32_t field = 0; field < schema().fields.size(); ++field) {
    if (!compared_[field]) continue;
    const auto& about = schema().fields[field];
    auto note = [&](uint64_t begin) {
      return [&found, begin, field](uint64_t row) { found.emplace_back(begin + row, field); };
    };
    if (!same_cells) {
      RETURN_IF_ERROR(CompareRows(about.type, field, *before.rows, old.row, *after.rows, now.row,
                                  rows, note(0)));
      continue;
    }
    auto cells = OtherwisePatched(was, is, about.id).Slice(old.slot, end_slot);
    for (const auto& slots : cells.runs()) {
      uint64_t begin = slots.begin - old.slot;
      RETURN_IF_ERROR(CompareRows(about.type, field, *before.rows, old.row + begin, *after.rows,
                                  now.row + begin, slots.size(), note(begin)));
    }
  }
  std::sort(found.begin(), found.end());
  for (auto [row, field] : found) {
    bool more = !region->changes.empty() && region->changes.back().kind == RowChangeKind::kUpdate &&
                region->changes.back().before == old.row + row;
    if (!more) {
      region->changes.push_back({RowChangeKind::kUpdate, old.row + row, now.row + row, {}});
    }
    region->changes.back().changed.push_back(field);
  }
  return {};
}

}  // namespace rhizo::table
