#include "model/common_type.h"

#include <algorithm>

#include "model/exact_type.h"

namespace rhizo::model {
namespace {

Type Simple(TypeKind kind) {
  Type type;
  type.kind = kind;
  return type;
}

// The first kind, in order of width, that holds both.
std::optional<Type> CommonInteger(const Type& a, const Type& b) {
  constexpr TypeKind kByWidth[] = {TypeKind::kInt16, TypeKind::kInt32, TypeKind::kInt64,
                                   TypeKind::kInt128};
  for (auto kind : kByWidth) {
    auto wider = Simple(kind);
    if (AlwaysCastsExactly(a, wider) && AlwaysCastsExactly(b, wider)) return wider;
  }
  return std::nullopt;
}

std::optional<Type> CommonDecimal(const Type& a, const Type& b) {
  int scale = std::max(a.scale, b.scale);
  int precision = std::max(WholeDigits(a), WholeDigits(b)) + scale;
  if (precision > 38) return std::nullopt;
  Type type = Simple(TypeKind::kDecimal);
  type.precision = static_cast<uint8_t>(precision);
  type.scale = static_cast<uint8_t>(scale);
  return type;
}

std::optional<Type> CommonNumber(const Type& old, const Type& incoming) {
  if (IsInteger(old.kind) && IsFloat(incoming.kind)) return old;
  if (IsFloat(old.kind) && IsInteger(incoming.kind)) {
    // Wide integers have no float of their own: values that fit are taken.
    return AlwaysCastsExactly(incoming, Simple(TypeKind::kFloat64)) ? Simple(TypeKind::kFloat64)
                                                                    : old;
  }
  if (IsInteger(old.kind) && IsInteger(incoming.kind)) return CommonInteger(old, incoming);
  if (!IsFloat(old.kind) && !IsFloat(incoming.kind)) return CommonDecimal(old, incoming);
  return std::nullopt;
}

Type CommonEnum(const Type& old, const Type& incoming) {
  Type type = old;
  for (const auto& value : incoming.enum_values) {
    auto known = std::find(type.enum_values.begin(), type.enum_values.end(), value);
    if (known == type.enum_values.end()) type.enum_values.push_back(value);
  }
  return type;
}

std::optional<Type> CommonChildren(const Type& old, const Type& incoming) {
  if (old.children.size() != incoming.children.size()) return std::nullopt;
  Type type = old;
  for (size_t i = 0; i < old.children.size(); ++i) {
    auto child = CommonType(old.children[i].type, incoming.children[i].type);
    if (!child) return std::nullopt;
    type.children[i].type = *std::move(child);
  }
  return type;
}

std::optional<Type> CommonStruct(const Type& old, const Type& incoming) {
  Type type = old;
  for (const auto& member : incoming.children) {
    auto twin = std::find_if(type.children.begin(), type.children.end(),
                             [&](const auto& other) { return other.name == member.name; });
    if (twin == type.children.end()) return std::nullopt;
    auto common = CommonType(twin->type, member.type);
    if (!common) return std::nullopt;
    twin->type = *std::move(common);
  }
  if (incoming.children.size() != old.children.size()) return std::nullopt;
  return type;
}

std::optional<Type> CommonNested(const Type& old, const Type& incoming) {
  switch (old.kind) {
    case TypeKind::kStruct: return CommonStruct(old, incoming);
    case TypeKind::kList:
    case TypeKind::kMap: return CommonChildren(old, incoming);
    case TypeKind::kArray:
      if (old.array_size != incoming.array_size) return std::nullopt;
      return CommonChildren(old, incoming);
    default: return std::nullopt;
  }
}

}  // namespace

std::optional<Type> CommonType(const Type& old, const Type& incoming) {
  if (old == incoming || AlwaysCastsExactly(incoming, old)) return old;
  if (!MayCastExactly(incoming, old)) return std::nullopt;
  if (old.kind == incoming.kind && old.IsNested()) return CommonNested(old, incoming);
  if (old.IsNested() || incoming.IsNested()) return std::nullopt;
  if (AlwaysCastsExactly(old, incoming)) return incoming;
  if (old.kind == TypeKind::kEnum && incoming.kind == TypeKind::kEnum) {
    return CommonEnum(old, incoming);
  }
  bool are_numbers = old.kind <= TypeKind::kDecimal && incoming.kind <= TypeKind::kDecimal;
  if (are_numbers) return CommonNumber(old, incoming);
  // Dates, times, timestamps: the finer one, whose values are checked as they come.
  return old.kind < incoming.kind ? incoming : old;
}

}  // namespace rhizo::model
