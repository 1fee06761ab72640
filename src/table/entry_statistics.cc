#include <algorithm>

#include "engine/types.h"
#include "table/open_table.h"
#include "table/single_value.h"
#include "table/statistics_builder.h"

namespace rhizo::table {
namespace {

using Statistics = duckdb::unique_ptr<duckdb::BaseStatistics>;

bool IsNumber(model::TypeKind kind) {
  return kind >= model::TypeKind::kInt8 && kind <= model::TypeKind::kDecimal;
}

// Bounds and NULLs of a part of an entry's cells, in the table's type. `known` is false where only
// nothing can be said.
struct Part {
  bool known = true;
  Bounds bounds;
  uint64_t rows = 0;
};

bool HasValues(const Part& part) { return part.bounds.null_count < part.rows; }

std::optional<std::string> Widen(const model::Type& from, const model::Type& to,
                                 const std::optional<std::string>& bound) {
  if (!bound) return std::nullopt;
  auto value = DecodeValue(from, *bound);
  if (!value) return std::nullopt;
  duckdb::Value cast;
  std::string error;
  if (!value->DefaultTryCastAs(engine::ToLogicalType(to), cast, &error) || cast.IsNull()) {
    return std::nullopt;
  }
  return EncodeValue(to, cast);
}

// Between number types the order survives a cast; elsewhere bounds say nothing.
Part Convert(const model::Type& from, const model::Type& to, Part part) {
  if (from == to) return part;
  if (!IsNumber(from.kind) || !IsNumber(to.kind)) {
    part.known = !HasValues(part);
    part.bounds.min = part.bounds.max = std::nullopt;
    part.bounds.max_length = std::nullopt;
    return part;
  }
  part.bounds.min = Widen(from, to, part.bounds.min);
  part.bounds.max = Widen(from, to, part.bounds.max);
  return part;
}

Part OfSegment(const OpenEntry& entry, const model::Field& field) {
  Part part{.known = true, .bounds = {}, .rows = entry.segment->rows};
  const auto* info = entry.segment->Find(field.id);
  if (info == nullptr) {
    part.bounds.min = part.bounds.max = field.first_default;
    if (!HasBounds(field.type)) {
      part.bounds.min = part.bounds.max = std::nullopt;
    } else if (IsStringKind(field.type.kind) && field.first_default) {
      part.bounds.max_length = field.first_default->size();
    }
    part.bounds.null_count = field.first_default ? 0 : part.rows;
    return part;
  }
  part.bounds.min = info->statistics.min;
  part.bounds.max = info->statistics.max;
  part.bounds.max_length = info->statistics.max_length;
  part.bounds.null_count = info->statistics.null_count;
  return Convert(info->type, field.type, std::move(part));
}

Part OfPatch(const OpenPatch& patch, const model::Field& field) {
  Part part;
  part.rows = patch.slots.size();
  // All its cells, dead ones too: bounds may be wide.
  auto& values = const_cast<duckdb::Vector&>(patch.values);
  for (auto index : patch.value_index) {
    part.bounds.Join(patch.type, BoundsOf(patch.type, values, index, 1));
  }
  return Convert(patch.type, field.type, std::move(part));
}

// A side without a bound although it has values makes the joined bound unknown.
void JoinParts(const model::Type& type, Part* all, const Part& part) {
  auto unknown = [&](auto bound) {
    return (HasValues(*all) && !(all->bounds.*bound)) || (HasValues(part) && !(part.bounds.*bound));
  };
  bool no_min = unknown(&Bounds::min);
  bool no_max = unknown(&Bounds::max);
  bool no_length = unknown(&Bounds::max_length);
  all->known = all->known && part.known;
  all->rows += part.rows;
  all->bounds.Join(type, part.bounds);
  if (no_min) all->bounds.min = std::nullopt;
  if (no_max) all->bounds.max = std::nullopt;
  if (no_length) all->bounds.max_length = std::nullopt;
}

bool HasPatch(const OpenEntry& entry, FieldId field) {
  return std::any_of(entry.entry.patches.begin(), entry.entry.patches.end(),
                     [&](const auto& patch) { return patch.field == field; });
}

uint64_t DistinctOf(const OpenEntry& entry, FieldId field) {
  const auto* info = entry.segment->Find(field);
  return info == nullptr ? 0 : info->statistics.distinct_estimate;
}

// Segments whose values are mostly their own add up; else the greatest speaks for all.
uint64_t DistinctOf(std::span<const OpenEntry> entries, FieldId field) {
  uint64_t greatest = 0;
  uint64_t sum = 0;
  uint64_t rows = 0;
  for (const auto& entry : entries) {
    uint64_t distinct = DistinctOf(entry, field);
    if (distinct == 0) distinct = entry.segment->info ? 0 : entry.segment->rows;
    greatest = std::max(greatest, distinct);
    sum += distinct;
    rows += entry.segment->rows;
  }
  return sum * 10 >= rows * 8 ? sum : greatest;
}

}  // namespace

Statistics EntryStatistics(const OpenTable& table, const OpenEntry& entry, size_t field_index) {
  const auto& field = table.schema().fields[field_index];
  auto part = OfSegment(entry, field);
  if (HasPatch(entry, field.id)) {
    auto overlay = entry.overlay->Get(table.context(), entry.entry);
    if (!overlay) return nullptr;
    for (const auto& patch : (*overlay)->patches) {
      if (patch.field == field.id) JoinParts(field.type, &part, OfPatch(patch, field));
    }
  }
  if (!part.known) return nullptr;
  return ToEngineStatistics(field.type, table.types()[field_index], part.bounds, part.rows);
}

bool EntryBoundsAreExact(const OpenTable& table, const OpenEntry& entry, size_t field_index) {
  const auto& field = table.schema().fields[field_index];
  const auto* info = entry.segment->Find(field.id);
  if (!entry.entry.IsClean(field.id) || info == nullptr || !(info->type == field.type))
    return false;
  const auto& known = info->statistics;
  return known.null_count == entry.segment->rows || (known.min_exact && known.max_exact);
}

Result<Statistics> OpenTable::Statistics(size_t field_index) const {
  ASSIGN_OR_RETURN(auto entries, Entries());
  std::lock_guard lock(mutex_);
  auto& kept = statistics_[field_index];
  if (!kept) {
    auto all = duckdb::BaseStatistics::CreateEmpty(types_[field_index]).ToUnique();
    for (const auto& entry : entries) {
      auto part = EntryStatistics(*this, entry, field_index);
      if (!part) {
        all = nullptr;
        break;
      }
      all->Merge(*part);
    }
    if (all && types_[field_index].IsNested()) all = nullptr;
    auto distinct = DistinctOf(entries, schema().fields[field_index].id);
    if (all && distinct > 0) all->SetDistinctCount(distinct);
    kept = std::move(all);
  }
  return *kept ? (*kept)->ToUnique() : nullptr;
}

}  // namespace rhizo::table
