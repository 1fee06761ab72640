#include "merge/interval_merge.h"

#include <algorithm>

#include "engine/errors.h"
#include "table/compare_vectors.h"

namespace rhizo::merge {
namespace {

using model::PositionSet;

// The live parts of patches in some rows, moved from offsets to slots.
std::vector<table::LivePatch> InSlots(const std::vector<table::LivePatch>& patches,
                                      const PositionSet& offsets, uint32_t slot) {
  std::vector<table::LivePatch> moved;
  for (const auto& patch : patches) {
    auto live = Intersect(patch.live, offsets);
    if (!live.empty()) moved.push_back({patch.patch, patch.field, patch.cells, live.Shifted(slot)});
  }
  return moved;
}

std::vector<FreshCells> InSlots(const std::vector<FreshCells>& fresh, const PositionSet& offsets,
                                uint32_t slot) {
  std::vector<FreshCells> moved;
  for (const auto& cells : fresh) {
    FreshCells part{cells.field, {}, {}};
    for (size_t i = 0; i < cells.slots.size(); ++i) {
      if (!offsets.Contains(cells.slots[i])) continue;
      part.slots.push_back(cells.slots[i] + slot);
      part.values.push_back(cells.values[i]);
    }
    if (!part.slots.empty()) moved.push_back(std::move(part));
  }
  return moved;
}

}  // namespace

Result<std::vector<Piece>> IntervalMerge::Run() {
  std::vector<Draft> drafts;
  PositionSet undefined;
  for (Which side : {kBase, kOurs, kTheirs}) undefined = Union(undefined, UndefinedRows(side));
  auto broken = BrokenRows();
  if (!undefined.empty()) RETURN_IF_ERROR(MergeUndefined(broken, &drafts));
  MergeBroken(broken, &drafts);
  auto decided = Union(undefined, broken);
  auto base = Subtract(view(kBase).rows, decided);
  auto ours = Subtract(view(kOurs).rows, decided);
  auto theirs = Subtract(view(kTheirs).rows, decided);
  drafts.push_back(Take(kOurs, Subtract(Subtract(ours, base), theirs)));
  drafts.push_back(Take(kTheirs, Subtract(Subtract(theirs, base), ours)));
  RETURN_IF_ERROR(MergeBoth(Subtract(Intersect(ours, theirs), base), false, &drafts));
  RETURN_IF_ERROR(MergeBoth(Intersect(base, Intersect(ours, theirs)), true, &drafts));
  RETURN_IF_ERROR(MergeDeleted(kOurs, Subtract(Intersect(base, ours), theirs), &drafts));
  RETURN_IF_ERROR(MergeDeleted(kTheirs, Subtract(Intersect(base, theirs), ours), &drafts));
  if (about_.options->mode == MergeMode::kCommit) {
    Subtract(Subtract(base, ours), theirs).ForEach([&](uint32_t offset) {
      Contradict(ConflictReason::kDelete, {}, offset);
    });
  }
  for (auto& draft : drafts) {
    RETURN_IF_ERROR(LeaveToOwners(&draft));
    RETURN_IF_ERROR(TakeOwnDefaults(&draft));
  }
  return Emit(std::move(drafts));
}

// Rows of which a base knows only that their fate was contradictory.
Status IntervalMerge::MergeUndefined(const PositionSet& but, std::vector<Draft>* drafts) {
  auto ours = Subtract(UndefinedRows(kOurs), but);
  auto theirs = Subtract(UndefinedRows(kTheirs), but);
  auto undefined = Union(ours, theirs);
  auto base = Subtract(UndefinedRows(kBase), but);
  auto both = Subtract(Intersect(view(kOurs).rows, view(kTheirs).rows), undefined);
  auto one = Subtract(Union(view(kOurs).rows, view(kTheirs).rows), both);
  auto known = Intersect(base, both);
  if (about_.row_is_unit && !known.empty()) {
    Draft unit{Host(false), known, {}, {}, {}};
    RETURN_IF_ERROR(MergeRowUnit(false, &unit, drafts));
    known = unit.rows;
  }
  RETURN_IF_ERROR(MergeBoth(known, false, drafts));
  auto contradict = about_.delete_wins ? undefined : Union(undefined, Intersect(base, one));
  if (is_virtual()) return NotKnown(contradict, {});
  contradict.ForEach([&](uint32_t offset) {
    auto favour = Contradict(ConflictReason::kDeleteUpdate, {}, offset);
    Which side = favour == Favour::kTheirs ? kTheirs : kOurs;
    if (view(side).rows.Contains(offset)) {
      drafts->push_back(Take(side, PositionSet::FromRange(offset, offset + 1)));
    }
  });
  return {};
}

PositionSet IntervalMerge::BrokenRows() const {
  const auto* broken = about_.options->broken;
  if (broken == nullptr || broken->empty()) return {};
  std::vector<uint32_t> found;
  Union(view(kOurs).rows, view(kTheirs).rows).ForEach([&](uint32_t offset) {
    if (broken->contains(RowAt(offset))) found.push_back(offset);
  });
  return PositionSet::FromSorted(found);
}

// Each is as the favoured side has it, whole, or not there.
void IntervalMerge::MergeBroken(const PositionSet& rows, std::vector<Draft>* drafts) {
  std::array<std::vector<uint32_t>, kSides> taken;
  rows.ForEach([&](uint32_t offset) {
    auto favour = Contradict(ConflictReason::kConstraint, {}, offset);
    Which side = favour == Favour::kTheirs ? kTheirs : kOurs;
    if (view(side).rows.Contains(offset)) taken[side].push_back(offset);
  });
  for (Which side : {kOurs, kTheirs}) {
    if (!taken[side].empty()) drafts->push_back(Take(side, PositionSet::FromSorted(taken[side])));
  }
}

// Rows of base that `other` still has, and the third deleted.
Status IntervalMerge::MergeDeleted(Which other, const PositionSet& rows,
                                   std::vector<Draft>* drafts) {
  if (rows.empty() || about_.delete_wins) return {};
  ASSIGN_OR_RETURN(auto changed, Changed(other, rows));
  if (changed.empty()) return {};
  if (is_virtual()) return NotKnown(changed, {});
  std::vector<uint32_t> kept;
  changed.ForEach([&](uint32_t offset) {
    auto favour = Contradict(ConflictReason::kDeleteUpdate, {}, offset);
    Which favoured = favour == Favour::kTheirs ? kTheirs : kOurs;
    if (favoured == other) kept.push_back(offset);
  });
  if (!kept.empty()) drafts->push_back(Take(other, PositionSet::FromSorted(kept)));
  return {};
}

PositionSet IntervalMerge::Touched(Which side, size_t field, const PositionSet& rows) const {
  FieldId id = about_.table->schema().fields[field].id;
  auto touched = view(kBase).SameSlots(view(side))
                     ? Intersect(view(kBase).OtherwisePatched(view(side), id), rows)
                     : rows;
  auto undefined = Union(UndefinedCells(kBase, id), UndefinedCells(side, id));
  return undefined.empty() ? touched : Union(touched, Intersect(undefined, rows));
}

// Of these rows those whose values in a field are not the same on two sides.
Result<PositionSet> IntervalMerge::Unequal(Which one, Which other, size_t field,
                                           const PositionSet& rows) {
  auto offsets = rows.ToVector();
  std::vector<uint32_t> found;
  RETURN_IF_ERROR(engine::Guarded([&]() -> Status {
    const auto& type = about_.table->types()[field];
    duckdb::Vector first(type, offsets.size());
    duckdb::Vector second(type, offsets.size());
    RETURN_IF_ERROR(sides_[one]->Gather(view(one), field, rows, &first));
    RETURN_IF_ERROR(sides_[other]->Gather(view(other), field, rows, &second));
    return table::CompareVectors(about_.table->schema().fields[field].type, first, second,
                                 offsets.size(), [&](uint64_t i) { found.push_back(offsets[i]); });
  }));
  return PositionSet::FromSorted(found);
}

// Rows that are not the same in ours and theirs.
Result<PositionSet> IntervalMerge::Different(const PositionSet& rows) {
  PositionSet different;
  for (size_t field = 0; field < about_.table->schema().fields.size(); ++field) {
    auto left = Subtract(rows, different);
    if (left.empty()) break;
    if (OwnerOf(field)) continue;
    ASSIGN_OR_RETURN(auto found, Unequal(kOurs, kTheirs, field, left));
    different = Union(different, found);
  }
  return different;
}

// Rows of which the side has another value in some field than base has.
Result<PositionSet> IntervalMerge::Changed(Which side, const PositionSet& rows) {
  PositionSet changed;
  for (size_t field = 0; field < about_.table->schema().fields.size(); ++field) {
    auto touched = Subtract(Touched(side, field, rows), changed);
    if (touched.empty() || OwnerOf(field).value_or(side) != side) continue;
    FieldId id = about_.table->schema().fields[field].id;
    if (about_.options->not_in_base.contains(id)) continue;
    ASSIGN_OR_RETURN(auto found, Unequal(kBase, side, field, touched));
    const auto* foreign = ForeignDefaultOf(field);
    if (foreign != nullptr && foreign->owner != side && !found.empty()) {
      ASSIGN_OR_RETURN(auto unwritten, RowsWith(side, field, foreign->value, found));
      found = Subtract(found, unwritten);
    }
    auto undefined = Union(UndefinedCells(kBase, id), UndefinedCells(side, id));
    changed = Union(changed, Union(found, Intersect(undefined, touched)));
  }
  return changed;
}

// The side that moved a row to another segment hosts it; if both did, the lower (segment, slot).
const View* IntervalMerge::Host(bool has_base) const {
  const auto& ours = view(kOurs);
  const auto& theirs = view(kTheirs);
  if (ours.SameSlots(theirs)) return &ours;
  if (has_base && ours.SameSlots(view(kBase))) return &theirs;
  if (has_base && theirs.SameSlots(view(kBase))) return &ours;
  auto address = [](const View& of) { return std::pair(of.entry->entry->id, of.slot); };
  return address(ours) < address(theirs) ? &ours : &theirs;
}

IntervalMerge::Draft IntervalMerge::Take(Which side, const PositionSet& rows) const {
  Draft draft{&view(side), rows, {}, {}, side};
  if (rows.empty()) return draft;
  for (const auto& patch : draft.host->entry->patches) {
    auto offsets = patch.live.Slice(draft.host->slot, draft.host->slot + count_)
                       .Shifted(-int64_t{draft.host->slot});
    auto live = Intersect(offsets, rows);
    if (!live.empty()) draft.patches.push_back({patch.patch, patch.field, patch.cells, live});
  }
  return draft;
}

void IntervalMerge::TakeField(const View& from, FieldId field, const PositionSet& rows,
                              Draft* draft) const {
  if (rows.empty()) return;
  for (auto& [patch, cells] : from.Patched(field)) {
    auto live = Intersect(cells, rows);
    if (live.empty()) continue;
    auto known = std::find_if(draft->patches.begin(), draft->patches.end(), [&](const auto& other) {
      return other.patch == patch && other.field == field;
    });
    if (known != draft->patches.end()) {
      known->live = Union(known->live, live);
      continue;
    }
    auto whole = std::find_if(
        from.entry->patches.begin(), from.entry->patches.end(),
        [&](const auto& other) { return other.patch == patch && other.field == field; });
    draft->patches.push_back({patch, field, whole->cells, live});
  }
}

Status IntervalMerge::MergeBoth(const PositionSet& rows, bool has_base,
                                std::vector<Draft>* drafts) {
  if (rows.empty()) return {};
  Draft draft{Host(has_base), rows, {}, {}, {}};
  if (about_.row_is_unit && has_base) {
    RETURN_IF_ERROR(MergeRowUnit(has_base, &draft, drafts));
    if (draft.rows.empty()) return {};
  }
  for (size_t field = 0; field < about_.table->schema().fields.size(); ++field) {
    RETURN_IF_ERROR(MergeField(field, has_base, &draft));
  }
  drafts->push_back(std::move(draft));
  return {};
}

// Rows that both changed contradict (without a base: all); a row that is settled is as the favoured
// side has it, whole. In a virtual base such a row is there, but nothing is known of it.
Status IntervalMerge::MergeRowUnit(bool has_base, Draft* draft, std::vector<Draft>* drafts) {
  auto by_both = draft->rows;
  if (has_base) {
    ASSIGN_OR_RETURN(auto by_us, Changed(kOurs, draft->rows));
    ASSIGN_OR_RETURN(by_both, Changed(kTheirs, by_us));
  }
  // In a commit also equal changes contradict each other.
  if (about_.options->mode != MergeMode::kCommit) {
    ASSIGN_OR_RETURN(by_both, Different(by_both));
  }
  if (is_virtual()) return NotKnown(by_both, {});
  std::array<std::vector<uint32_t>, kSides> taken;
  by_both.ForEach([&](uint32_t offset) {
    auto favour = Contradict(ConflictReason::kRow, {}, offset);
    taken[favour == Favour::kTheirs ? kTheirs : kOurs].push_back(offset);
  });
  for (Which side : {kOurs, kTheirs}) {
    if (taken[side].empty()) continue;
    auto rows = PositionSet::FromSorted(taken[side]);
    draft->rows = Subtract(draft->rows, rows);
    drafts->push_back(Take(side, rows));
  }
  return {};
}

void IntervalMerge::Count(MergeCounts* counts) const {
  counts->cells_decided += cells_decided_;
  counts->conflicts += conflicts_.size();
  counts->settled += settled_;
}

Favour IntervalMerge::Contradict(ConflictReason reason, std::optional<size_t> field,
                                 uint32_t offset) {
  const auto& options = *about_.options;
  FieldId id = field ? about_.table->schema().fields[*field].id : FieldId{0};
  auto favour = field ? options.FavourOf(id) : options.favour;
  FieldId chosen = reason == ConflictReason::kConstraint ? kConstraintChoice : id;
  if (const auto* choice = options.ChoiceOf(RowAt(offset), chosen)) favour = choice->side;
  if (favour != Favour::kNobody) {
    ++settled_;
    return favour;
  }
  RowConflict conflict{reason, field, RowAt(offset), {}};
  for (size_t side = 0; side < kSides; ++side) {
    const auto& of = views_[side];
    if (of.entry == nullptr || !of.rows.Contains(offset)) continue;
    bool is_known = side != kBase || !UndefinedRows(kBase).Contains(offset);
    if (!is_known) continue;
    conflict.rows[side] =
        sides_[side]->RowsOf(of, PositionSet::FromRange(offset, offset + 1)).front();
  }
  conflicts_.push_back(std::move(conflict));
  return favour;
}

// Rows that neither side has are left out: what was not known of them before is not forgotten.
Status IntervalMerge::NotKnown(const PositionSet& rows, std::optional<FieldId> field) {
  if (rows.empty()) return {};
  auto& undefined = *about_.undefined;
  if (!about_.by_key) {
    rows.ForEach([&](uint32_t offset) {
      field ? undefined.AddCell(RowAt(offset), *field) : undefined.AddRow(RowAt(offset));
    });
    return {};
  }
  auto left = rows;
  for (Which side : {kOurs, kTheirs}) {
    auto here = Intersect(left, view(side).rows);
    if (here.empty()) continue;
    left = Subtract(left, here);
    ASSIGN_OR_RETURN(auto keys, sides_[side]->KeysOf(view(side), here));
    for (const auto& key : keys) field ? undefined.AddCell(key, *field) : undefined.AddRow(key);
  }
  return {};
}

// Rows of different hosts may lie between each other.
std::vector<Piece> IntervalMerge::Emit(std::vector<Draft> drafts) const {
  struct Part {
    model::SlotRange offsets;
    size_t draft = 0;
  };
  std::vector<Part> parts;
  for (size_t i = 0; i < drafts.size(); ++i) {
    for (const auto& run : drafts[i].rows.runs()) parts.push_back({run, i});
  }
  std::sort(parts.begin(), parts.end(),
            [](const auto& a, const auto& b) { return a.offsets < b.offsets; });
  std::vector<Piece> pieces;
  for (size_t begin = 0; begin < parts.size();) {
    const auto& draft = drafts[parts[begin].draft];
    size_t end = begin;
    std::vector<model::SlotRange> runs;
    while (end < parts.size() && parts[end].draft == parts[begin].draft) {
      runs.push_back(parts[end++].offsets);
    }
    auto offsets = PositionSet::FromRuns(runs);
    uint32_t slot = draft.host->slot;
    pieces.push_back({draft.host->entry->entry, offsets.Shifted(slot), first_.Plus(offsets.first()),
                      InSlots(draft.patches, offsets, slot), InSlots(draft.fresh, offsets, slot)});
    begin = end;
  }
  return pieces;
}

Result<bool> IntervalMerge::IsChanged(Which side) {
  ASSIGN_OR_RETURN(auto changed, Changed(side, PositionSet::FromRange(0, 1)));
  return !changed.empty();
}

}  // namespace rhizo::merge
