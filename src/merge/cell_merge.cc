// Cells that both sides touched: what they become, and where that value is to be found.
#include <algorithm>

#include "engine/errors.h"
#include "merge/interval_merge.h"
#include "table/compare_vectors.h"
#include "table/single_value.h"

namespace rhizo::merge {

using duckdb::Value;
using duckdb::Vector;
using model::PositionSet;

namespace {

bool DecidesByChange(RuleKind rule) {
  return rule == RuleKind::kAdd || rule == RuleKind::kMultiply;
}

size_t IndexOf(const model::Schema& schema, FieldId id) {
  const auto* field = schema.FindId(id);
  CHECK(field != nullptr);
  return static_cast<size_t>(field - schema.fields.data());
}

// Whether rows i of two flat vectors are bit by bit the same.
Result<std::vector<bool>> Equal(const model::Type& type, Vector& a, Vector& b, size_t count) {
  std::vector<bool> equal(count, true);
  RETURN_IF_ERROR(table::CompareVectors(type, a, b, count, [&](uint64_t i) { equal[i] = false; }));
  return equal;
}

}  // namespace

struct IntervalMerge::Cells {
  size_t field = 0;
  bool has_base = false;
  PositionSet rows;
  std::vector<uint32_t> offsets;
  std::array<std::unique_ptr<Vector>, kSides> values;
  std::array<std::unique_ptr<Vector>, kSides> by;  // of `latest`: the field that decides
  std::unique_ptr<Vector> stored;                  // what the host segment holds
  std::vector<bool> ours_is_base;
  std::vector<bool> theirs_is_base;
  std::vector<bool> same;  // ours and theirs
  PositionSet undefined;   // of base
  PositionSet undefined_sides;
  PositionSet undefined_by;         // of base, of `latest`: cells of the field that decides
  std::vector<uint32_t> not_known;  // of a virtual merge: what it cannot decide
  // Decided: a side's value, or another.
  std::vector<Which> from;
  std::vector<std::optional<Value>> other;
};

bool IntervalMerge::IsKeyField(size_t field) const {
  const auto& key = about_.table->state().key;
  return std::ranges::find(key, about_.table->schema().fields[field].id) != key.end();
}

std::optional<Which> IntervalMerge::OwnerOf(size_t field) const {
  const auto& owners = about_.options->owners;
  auto found = owners.find(about_.table->schema().fields[field].id);
  return found == owners.end() ? std::nullopt : std::optional(found->second);
}

// What both sides hold of a field in the rows of a draft; all are `from` one of them.
Status IntervalMerge::GatherBoth(size_t field, const Draft& draft, Which from, Cells* cells) {
  cells->field = field;
  cells->rows = draft.rows;
  cells->offsets = draft.rows.ToVector();
  for (auto* values : {&cells->values[kOurs], &cells->values[kTheirs], &cells->stored}) {
    *values = std::make_unique<Vector>(about_.table->types()[field], cells->offsets.size());
  }
  for (Which side : {kOurs, kTheirs}) {
    RETURN_IF_ERROR(
        sides_[side]->Gather(view(side), field, cells->rows, cells->values[side].get()));
  }
  Which host = draft.host == &view(kOurs) ? kOurs : kTheirs;
  RETURN_IF_ERROR(sides_[host]->GatherStored(*draft.host, field, cells->rows, cells->stored.get()));
  cells->from.assign(cells->offsets.size(), from);
  cells->other.resize(cells->offsets.size());
  return {};
}

// Cells of rows that the owner has too.
Status IntervalMerge::TakeFromOwner(Which owner, size_t field, Draft* draft) {
  const auto& about = about_.table->schema().fields[field];
  if (view(owner).SameSlots(*draft->host)) {
    TakeField(view(owner), about.id, draft->rows, draft);
    return {};
  }
  return engine::Guarded([&]() -> Status {
    Cells cells;
    RETURN_IF_ERROR(GatherBoth(field, *draft, owner, &cells));
    LayCells(cells, draft);
    return {};
  });
}

// Rows that only the other side has do not know an owner's fields.
Status IntervalMerge::LeaveToOwners(Draft* draft) {
  if (!draft->taken || draft->rows.empty()) return {};
  for (size_t field = 0; field < about_.table->schema().fields.size(); ++field) {
    if (OwnerOf(field).value_or(*draft->taken) == *draft->taken) continue;
    const auto& about = about_.table->schema().fields[field];
    std::erase_if(draft->patches, [&](const auto& patch) { return patch.field == about.id; });
    RETURN_IF_ERROR(engine::Guarded([&]() -> Status {
      auto offsets = draft->rows.ToVector();
      Vector stored(about_.table->types()[field], offsets.size());
      RETURN_IF_ERROR(
          sides_[*draft->taken]->GatherStored(*draft->host, field, draft->rows, &stored));
      ASSIGN_OR_RETURN(auto unknown, table::DecodeDefault(about.type, about.first_default));
      FreshCells fresh{field, {}, {}};
      for (size_t i = 0; i < offsets.size(); ++i) {
        if (Order(about.type, stored.GetValue(i), unknown) == 0) continue;
        fresh.slots.push_back(offsets[i]);
        fresh.values.push_back(unknown);
      }
      if (!fresh.slots.empty()) draft->fresh.push_back(std::move(fresh));
      return {};
    }));
  }
  return {};
}

const ForeignDefault* IntervalMerge::ForeignDefaultOf(size_t field) const {
  const auto& defaults = about_.options->foreign_defaults;
  auto found = defaults.find(about_.table->schema().fields[field].id);
  return found == defaults.end() ? nullptr : &found->second;
}

Result<PositionSet> IntervalMerge::RowsWith(Which side, size_t field, const Value& value,
                                            const PositionSet& rows) {
  const auto& about = about_.table->schema().fields[field];
  std::vector<uint32_t> found;
  RETURN_IF_ERROR(engine::Guarded([&]() -> Status {
    auto offsets = rows.ToVector();
    Vector values(about_.table->types()[field], offsets.size());
    RETURN_IF_ERROR(sides_[side]->Gather(view(side), field, rows, &values));
    for (size_t i = 0; i < offsets.size(); ++i) {
      if (Order(about.type, values.GetValue(i), value) == 0) found.push_back(offsets[i]);
    }
    return {};
  }));
  return PositionSet::FromSorted(found);
}

// Cells that hold their side's default were written by nobody.
Status IntervalMerge::MergeDefaulted(const ForeignDefault& foreign, size_t field, Draft* draft) {
  const auto& about = about_.table->schema().fields[field];
  Which owner = foreign.owner;
  Which other = owner == kOurs ? kTheirs : kOurs;
  return engine::Guarded([&]() -> Status {
    Cells cells;
    RETURN_IF_ERROR(GatherBoth(field, *draft, owner, &cells));
    ASSIGN_OR_RETURN(auto own, table::DecodeDefault(about.type, about.first_default));
    for (size_t i = 0; i < cells.offsets.size(); ++i) {
      auto is = [&](Which side, const Value& value) {
        return Order(about.type, cells.values[side]->GetValue(i), value) == 0;
      };
      if (is(other, foreign.value) || is(other, cells.values[owner]->GetValue(i))) continue;
      bool by_other = is(owner, own);
      if (!by_other) {
        auto favour = Contradict(ConflictReason::kCell, field, cells.offsets[i]);
        by_other = favour == (other == kOurs ? Favour::kOurs : Favour::kTheirs);
      }
      if (by_other) cells.from[i] = other;
    }
    LayCells(cells, draft);
    return {};
  });
}

// Rows that only the other side has hold its default where nobody wrote.
Status IntervalMerge::TakeOwnDefaults(Draft* draft) {
  if (about_.options->foreign_defaults.empty()) return {};
  if (!draft->taken || draft->rows.empty()) return {};
  for (size_t field = 0; field < about_.table->schema().fields.size(); ++field) {
    const auto* foreign = ForeignDefaultOf(field);
    if (foreign == nullptr || foreign->owner == *draft->taken) continue;
    const auto& about = about_.table->schema().fields[field];
    ASSIGN_OR_RETURN(auto rows, RowsWith(*draft->taken, field, foreign->value, draft->rows));
    if (rows.empty()) continue;
    for (auto& patch : draft->patches) {
      if (patch.field == about.id) patch.live = Subtract(patch.live, rows);
    }
    std::erase_if(draft->patches, [](const auto& patch) { return patch.live.empty(); });
    ASSIGN_OR_RETURN(auto own, table::DecodeDefault(about.type, about.first_default));
    FreshCells fresh{field, rows.ToVector(), {}};
    fresh.values.assign(fresh.slots.size(), own);
    draft->fresh.push_back(std::move(fresh));
  }
  return {};
}

Status IntervalMerge::MergeField(size_t field, bool has_base, Draft* draft) {
  FieldId id = about_.table->schema().fields[field].id;
  if (auto owner = OwnerOf(field)) return TakeFromOwner(*owner, field, draft);
  if (const auto* foreign = ForeignDefaultOf(field)) return MergeDefaulted(*foreign, field, draft);
  if (by_key_ && IsKeyField(field) && about_.options->mode != MergeMode::kCommit) {
    // Equal keys may differ in their bits: -0.0 and 0.0.
    TakeField(*draft->host, id, draft->rows, draft);
    return {};
  }
  has_base = has_base && !about_.options->not_in_base.contains(id);
  const auto& rule = about_.rules[field];
  auto by_us = has_base ? Touched(kOurs, field, draft->rows) : draft->rows;
  auto by_them = has_base ? Touched(kTheirs, field, draft->rows) : draft->rows;
  if (rule.kind == RuleKind::kLatest && has_base) {
    size_t by = IndexOf(about_.table->schema(), rule.by);
    by_us = Union(by_us, Touched(kOurs, by, draft->rows));
    by_them = Union(by_them, Touched(kTheirs, by, draft->rows));
  }
  auto both = Intersect(by_us, by_them);
  bool may_skip = about_.options->mode != MergeMode::kCommit && !DecidesByChange(rule.kind) &&
                  view(kOurs).SameSlots(view(kTheirs));
  if (may_skip && !both.empty()) {
    // One patch on both sides, or none: one value.
    both = Intersect(both, Union(view(kOurs).OtherwisePatched(view(kTheirs), id),
                                 Union(UndefinedCells(kOurs, id), UndefinedCells(kTheirs, id))));
  }
  auto rest = Subtract(draft->rows, both);
  auto from_them = Intersect(rest, Subtract(by_them, by_us));
  if (!view(kOurs).SameSlots(*draft->host)) from_them = rest;
  TakeField(view(kOurs), id, Subtract(rest, from_them), draft);
  TakeField(view(kTheirs), id, from_them, draft);
  if (both.empty()) return {};
  Cells cells;
  cells.field = field;
  cells.has_base = has_base;
  cells.rows = both;
  cells.offsets = both.ToVector();
  RETURN_IF_ERROR(DecideCells(&cells, draft));
  return engine::Guarded([&] { LayCells(cells, draft); });
}

Status IntervalMerge::DecideCells(Cells* cells, Draft* draft) {
  const auto& about = about_.table->schema().fields[cells->field];
  const auto& type = about_.table->types()[cells->field];
  size_t count = cells->offsets.size();
  cells_decided_ += count;
  auto make = [&](const duckdb::LogicalType& of) { return std::make_unique<Vector>(of, count); };
  return engine::Guarded([&]() -> Status {
    const auto& rule = about_.rules[cells->field];
    for (Which side : {kBase, kOurs, kTheirs}) {
      if (side == kBase && !cells->has_base) continue;
      cells->values[side] = make(type);
      RETURN_IF_ERROR(
          sides_[side]->Gather(view(side), cells->field, cells->rows, cells->values[side].get()));
      if (rule.kind != RuleKind::kLatest) continue;
      size_t by = IndexOf(about_.table->schema(), rule.by);
      cells->by[side] = make(about_.table->types()[by]);
      RETURN_IF_ERROR(sides_[side]->Gather(view(side), by, cells->rows, cells->by[side].get()));
    }
    cells->stored = make(type);
    auto host = draft->host == &view(kOurs) ? kOurs : kTheirs;
    RETURN_IF_ERROR(
        sides_[host]->GatherStored(*draft->host, cells->field, cells->rows, cells->stored.get()));
    ASSIGN_OR_RETURN(cells->same,
                     Equal(about.type, *cells->values[kOurs], *cells->values[kTheirs], count));
    if (cells->has_base) {
      ASSIGN_OR_RETURN(cells->ours_is_base,
                       Equal(about.type, *cells->values[kBase], *cells->values[kOurs], count));
      ASSIGN_OR_RETURN(cells->theirs_is_base,
                       Equal(about.type, *cells->values[kBase], *cells->values[kTheirs], count));
    }
    cells->undefined = UndefinedCells(kBase, about.id);
    cells->undefined_sides =
        Union(UndefinedCells(kOurs, about.id), UndefinedCells(kTheirs, about.id));
    if (rule.kind == RuleKind::kLatest) {
      cells->undefined_by = UndefinedCells(kBase, rule.by);
      cells->undefined_sides =
          Union(cells->undefined_sides,
                Union(UndefinedCells(kOurs, rule.by), UndefinedCells(kTheirs, rule.by)));
    }
    cells->from.assign(count, kOurs);
    cells->other.resize(count);
    for (size_t i = 0; i < count; ++i) RETURN_IF_ERROR(DecideCell(cells, i));
    return NotKnown(PositionSet::FromSorted(cells->not_known), about.id);
  });
}

Status IntervalMerge::DecideCell(Cells* cells, size_t i) {
  uint32_t offset = cells->offsets[i];
  const auto& rule = about_.rules[cells->field];
  const auto& about = about_.table->schema().fields[cells->field];
  auto of = [&](Which side) { return cells->values[side]->GetValue(i); };
  auto conflict = [&]() -> Status {
    if (is_virtual()) {
      cells->not_known.push_back(offset);
      return {};
    }
    auto favour = Contradict(ConflictReason::kCell, cells->field, offset);
    if (favour == Favour::kTheirs) cells->from[i] = kTheirs;
    const auto* choice = about_.options->ChoiceOf(RowAt(offset), about.id);
    if (choice != nullptr && choice->value) cells->other[i] = *choice->value;
    return {};
  };
  bool has_value = cells->has_base && !cells->undefined.Contains(offset);
  bool one_is_undefined = cells->undefined_sides.Contains(offset);
  if (rule.kind == RuleKind::kLatest && !one_is_undefined) {
    bool is_known = has_value && !cells->undefined_by.Contains(offset);
    bool ours_changed = !is_known || !cells->ours_is_base[i];
    bool theirs_changed = !is_known || !cells->theirs_is_base[i];
    if (is_known) {
      const auto& field_type = about_.table->schema().FindId(rule.by)->type;
      auto by = [&](Which side) { return cells->by[side]->GetValue(i); };
      ours_changed |= Order(field_type, by(kBase), by(kOurs)) != 0;
      theirs_changed |= Order(field_type, by(kBase), by(kTheirs)) != 0;
    }
    if (!theirs_changed) return {};
    if (!ours_changed) return cells->from[i] = kTheirs, Status();
    const auto& by_type = about_.table->schema().FindId(rule.by)->type;
    auto our_by = cells->by[kOurs]->GetValue(i);
    auto their_by = cells->by[kTheirs]->GetValue(i);
    auto ours = of(kOurs);
    auto theirs = of(kTheirs);
    auto winner = Latest(by_type, about.type, {our_by, ours}, {their_by, theirs});
    if (winner && *winner == Winner::kTheirs) cells->from[i] = kTheirs;
    return {};
  }
  if (one_is_undefined) return conflict();
  bool is_one_row = view(kOurs).first == view(kTheirs).first;
  if (DecidesByChange(rule.kind) && (start_ == RowStart::kPicked || start_ == RowStart::kUnsure)) {
    // It did not start from nothing, nor, on both sides, from base's row; but it may be that, taken
    // back and stored anew.
    bool may_be_base = has_value && !is_one_row;
    bool is_alike = cells->same[i] && (start_ == RowStart::kPicked || is_one_row) &&
                    (!may_be_base || cells->ours_is_base[i]);
    return is_alike ? Status() : conflict();
  }
  if (has_value && cells->ours_is_base[i]) return cells->from[i] = kTheirs, Status();
  if (has_value && cells->theirs_is_base[i]) return {};
  bool claims = about_.options->mode == MergeMode::kCommit && rule.kind == RuleKind::kConflict;
  if (cells->same[i] && !DecidesByChange(rule.kind)) {
    return claims && (has_value || by_key_) ? conflict() : Status();
  }
  // A row that was picked, or came back, on both sides has one id, and so may one that a pick met.
  bool starts_apart = start_ == RowStart::kApart || !is_one_row;
  bool is_undefined = cells->has_base || UndefinedRows(kBase).Contains(offset);
  auto kind = has_value                 ? BaseKind::kValue
              : is_undefined            ? BaseKind::kUndefined
              : by_key_ && starts_apart ? BaseKind::kAbsent
                                        : BaseKind::kSameRow;
  auto decided =
      Decide(rule, about.type, kind, has_value ? of(kBase) : Value(), of(kOurs), of(kTheirs));
  if (!decided) return conflict();
  cells->other[i] = std::move(decided);
  return {};
}

// No patch if the host segment holds the value; else a live patch that gives it; else a new cell.
void IntervalMerge::LayCells(const Cells& cells, Draft* draft) {
  const auto& about = about_.table->schema().fields[cells.field];
  std::array<std::map<ObjectId, PositionSet>, kSides> patched;
  for (Which side : {kBase, kOurs, kTheirs}) {
    bool counts = side != kBase || cells.has_base;
    if (counts && view(side).SameSlots(*draft->host)) patched[side] = view(side).Patched(about.id);
  }
  auto patch_at = [&](Which side, uint32_t offset) -> const ObjectId* {
    for (const auto& [patch, live] : patched[side]) {
      if (live.Contains(offset)) return &patch;
    }
    return nullptr;
  };
  std::array<std::vector<uint32_t>, kSides> take;
  FreshCells fresh{cells.field, {}, {}};
  for (size_t i = 0; i < cells.offsets.size(); ++i) {
    uint32_t offset = cells.offsets[i];
    auto value = cells.other[i] ? *cells.other[i] : cells.values[cells.from[i]]->GetValue(i);
    auto gives = [&](Vector& values) { return Order(about.type, values.GetValue(i), value) == 0; };
    if (gives(*cells.stored)) continue;
    const auto* ours = gives(*cells.values[kOurs]) ? patch_at(kOurs, offset) : nullptr;
    const auto* theirs = gives(*cells.values[kTheirs]) ? patch_at(kTheirs, offset) : nullptr;
    if (ours == nullptr && theirs == nullptr) {
      fresh.slots.push_back(offset);
      fresh.values.push_back(std::move(value));
      continue;
    }
    bool take_theirs = ours == nullptr;
    if (ours != nullptr && theirs != nullptr && *ours != *theirs) {
      const auto* base = patch_at(kBase, offset);
      bool ours_is_base = base != nullptr && *base == *ours;
      bool theirs_is_base = base != nullptr && *base == *theirs;
      take_theirs = ours_is_base || (!theirs_is_base && *theirs < *ours);
    }
    take[take_theirs ? kTheirs : kOurs].push_back(offset);
  }
  TakeField(view(kOurs), about.id, PositionSet::FromSorted(take[kOurs]), draft);
  TakeField(view(kTheirs), about.id, PositionSet::FromSorted(take[kTheirs]), draft);
  if (!fresh.slots.empty()) draft->fresh.push_back(std::move(fresh));
}

}  // namespace rhizo::merge
