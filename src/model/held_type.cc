#include "model/held_type.h"

#include <algorithm>
#include <optional>

#include "base/name.h"
#include "model/common_type.h"
#include "model/exact_type.h"
#include "model/schema.h"

namespace rhizo::model {
namespace {

bool HoldsDigits(const Type& wide, const Type& narrow) {
  bool is_exact = narrow.kind == TypeKind::kDecimal || IsInteger(narrow.kind);
  if (wide.kind != TypeKind::kDecimal || !is_exact) return false;
  int scale = narrow.kind == TypeKind::kDecimal ? narrow.scale : 0;
  return WholeDigits(narrow) <= WholeDigits(wide) && scale <= wide.scale;
}

bool HoldsValues(const Type& wide, const Type& narrow) {
  return std::all_of(narrow.enum_values.begin(), narrow.enum_values.end(), [&](const auto& value) {
    const auto& all = wide.enum_values;
    return std::find(all.begin(), all.end(), value) != all.end();
  });
}

// By how fine they are. Nothing: it is no date or timestamp without time zone.
std::optional<int> FinenessOf(const Type& type) {
  switch (type.kind) {
    case TypeKind::kDate: return 0;
    case TypeKind::kTimestampS: return 1;
    case TypeKind::kTimestampMs: return 2;
    case TypeKind::kTimestampUs: return 3;
    case TypeKind::kTimestampNs: return 4;
    default: return std::nullopt;
  }
}

bool HoldsMoments(const Type& wide, const Type& narrow) {
  if (narrow.kind == TypeKind::kTime && wide.kind == TypeKind::kTimeNs) return true;
  auto fine = FinenessOf(wide);
  auto coarse = FinenessOf(narrow);
  return fine && coarse && *coarse <= *fine;
}

const Field* TwinOf(const Field& child, const Type& in) {
  auto twin = std::find_if(in.children.begin(), in.children.end(),
                           [&](const auto& other) { return other.id == child.id; });
  return twin == in.children.end() ? nullptr : &*twin;
}

bool HoldsChildren(const Type& wide, const Type& narrow) {
  if (wide.kind != narrow.kind || wide.array_size != narrow.array_size) return false;
  return std::all_of(narrow.children.begin(), narrow.children.end(), [&](const auto& child) {
    const auto* twin = TwinOf(child, wide);
    return twin == nullptr || Holds(twin->type, child.type);
  });
}

bool IsNumber(const Type& type) {
  return IsInteger(type.kind) || IsFloat(type.kind) || type.kind == TypeKind::kDecimal;
}

Type SimpleTypeOfBoth(const Type& later, const Type& earlier) {
  auto common = CommonType(earlier, later);
  for (const auto& type : {later, earlier, common.value_or(later)}) {
    if (Holds(type, later) && Holds(type, earlier)) return type;
  }
  bool is_rounded = IsNumber(later) && IsNumber(earlier);
  if (!is_rounded) return later;
  Type rounded;
  rounded.kind = TypeKind::kFloat64;
  return rounded;
}

}  // namespace

bool Holds(const Type& wide, const Type& narrow) {
  if (wide == narrow) return true;
  if (wide.IsNested() || narrow.IsNested()) return HoldsChildren(wide, narrow);
  if (wide.kind == TypeKind::kEnum && narrow.kind == TypeKind::kEnum) {
    return HoldsValues(wide, narrow);
  }
  return HoldsMoments(wide, narrow) || HoldsDigits(wide, narrow) ||
         AlwaysCastsExactly(narrow, wide);
}

bool NamesMoved(const Type& before, const Type& after) {
  return std::any_of(before.children.begin(), before.children.end(), [&](const auto& child) {
    auto same_name = std::find_if(
        after.children.begin(), after.children.end(),
        [&](const auto& other) { return FoldName(other.name) == FoldName(child.name); });
    if (same_name == after.children.end()) return false;
    return same_name->id != child.id || NamesMoved(child.type, same_name->type);
  });
}

Type TypeOfBoth(const Type& later, const Type& earlier) {
  if (later == earlier || !later.IsNested() || later.kind != earlier.kind) {
    return SimpleTypeOfBoth(later, earlier);
  }
  Type both = later;
  for (auto& child : both.children) {
    const auto* twin = TwinOf(child, earlier);
    if (twin != nullptr) child.type = TypeOfBoth(child.type, twin->type);
  }
  return both;
}

bool DependsOnValues(const Type& wide, const Type& narrow) {
  if (wide.kind != narrow.kind) return HoldsMoments(wide, narrow);
  return std::any_of(narrow.children.begin(), narrow.children.end(), [&](const auto& child) {
    const auto* twin = TwinOf(child, wide);
    return twin != nullptr && DependsOnValues(twin->type, child.type);
  });
}

}  // namespace rhizo::model
