#include "merge/stored_type.h"

#include <algorithm>
#include <optional>

#include "model/exact_type.h"
#include "table/open_table.h"
#include "tree/diff.h"

namespace rhizo::merge {
namespace {

using model::Type;
using model::TypeKind;

bool HoldsDigits(const Type& wide, const Type& narrow) {
  bool is_exact = narrow.kind == TypeKind::kDecimal || model::IsInteger(narrow.kind);
  if (wide.kind != TypeKind::kDecimal || !is_exact) return false;
  int scale = narrow.kind == TypeKind::kDecimal ? narrow.scale : 0;
  return model::WholeDigits(narrow) <= model::WholeDigits(wide) && scale <= wide.scale;
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

const model::Field* TwinOf(const model::Field& child, const Type& in) {
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

}  // namespace

bool Holds(const Type& wide, const Type& narrow) {
  if (wide == narrow) return true;
  if (wide.IsNested() || narrow.IsNested()) return HoldsChildren(wide, narrow);
  if (wide.kind == TypeKind::kEnum && narrow.kind == TypeKind::kEnum) {
    return HoldsValues(wide, narrow);
  }
  return HoldsMoments(wide, narrow) || HoldsDigits(wide, narrow) ||
         model::AlwaysCastsExactly(narrow, wide);
}

bool DependsOnValues(const Type& wide, const Type& narrow) {
  if (wide.kind != narrow.kind) return HoldsMoments(wide, narrow);
  return std::any_of(narrow.children.begin(), narrow.children.end(), [&](const auto& child) {
    const auto* twin = TwinOf(child, wide);
    return twin != nullptr && DependsOnValues(twin->type, child.type);
  });
}

Result<bool> StoresWider(const table::ReadContext& context, const model::TableState& base,
                         const model::TableState& side, const model::Field& field) {
  bool found = false;
  auto visit = [&](const tree::DiffEntry& differs) -> Status {
    if (found || !differs.after) return {};
    ASSIGN_OR_RETURN(auto entry, model::DecodeSegmentEntry(*differs.after));
    ASSIGN_OR_RETURN(auto open, table::OpenEntryOf(context, std::move(entry)));
    const auto* stored = open.segment->Find(field.id);
    found = stored != nullptr && !Holds(field.type, stored->type);
    bool is_patched = std::any_of(open.entry.patches.begin(), open.entry.patches.end(),
                                  [&](const auto& patch) { return patch.field == field.id; });
    if (found || !is_patched) return {};
    ASSIGN_OR_RETURN(auto overlay, open.overlay->Get(context, open.entry));
    found = std::any_of(overlay->patches.begin(), overlay->patches.end(), [&](const auto& patch) {
      return patch.field == field.id && !Holds(field.type, patch.type);
    });
    return {};
  };
  RETURN_IF_ERROR(tree::Diff(tree::Tree(context.small, base.tree_root),
                             tree::Tree(context.small, side.tree_root), visit));
  return found;
}

}  // namespace rhizo::merge
