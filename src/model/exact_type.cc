#include "model/exact_type.h"

#include <algorithm>

#include "model/schema.h"

namespace rhizo::model {

bool IsInteger(TypeKind kind) { return kind >= TypeKind::kInt8 && kind <= TypeKind::kUInt128; }
bool IsFloat(TypeKind kind) { return kind == TypeKind::kFloat32 || kind == TypeKind::kFloat64; }

namespace {

bool IsNumber(TypeKind kind) {
  return IsInteger(kind) || IsFloat(kind) || kind == TypeKind::kDecimal;
}
bool IsDateOrTimestamp(TypeKind kind) {
  return kind == TypeKind::kDate ||
         (kind >= TypeKind::kTimestampS && kind <= TypeKind::kTimestampNs);
}
bool IsTime(TypeKind kind) { return kind == TypeKind::kTime || kind == TypeKind::kTimeNs; }
bool IsText(TypeKind kind) {
  return kind == TypeKind::kString || kind == TypeKind::kEnum || kind == TypeKind::kJson;
}

bool MayCastNumber(TypeKind from, TypeKind to) {
  bool is_fraction_lost =
      (IsFloat(from) && to == TypeKind::kDecimal) || (from == TypeKind::kDecimal && IsFloat(to));
  return !is_fraction_lost;
}

bool IsListLike(TypeKind kind) { return kind == TypeKind::kList || kind == TypeKind::kArray; }

template <class Test>
bool ChildrenAll(const Type& from, const Type& to, Test test) {
  return from.children.size() == to.children.size() &&
         std::equal(from.children.begin(), from.children.end(), to.children.begin(),
                    [&](const auto& a, const auto& b) { return test(a.type, b.type); });
}

bool SameNames(const Type& a, const Type& b) {
  return std::equal(a.children.begin(), a.children.end(), b.children.begin(), b.children.end(),
                    [](const auto& x, const auto& y) { return x.name == y.name; });
}

// The same members, in any order.
template <class Test>
bool MembersAll(const Type& from, const Type& to, Test test) {
  if (from.children.size() != to.children.size()) return false;
  return std::all_of(from.children.begin(), from.children.end(), [&](const auto& member) {
    auto twin = std::find_if(to.children.begin(), to.children.end(),
                             [&](const auto& other) { return other.name == member.name; });
    return twin != to.children.end() && test(member.type, twin->type);
  });
}

template <class Test>
bool NestedAll(const Type& from, const Type& to, Test test) {
  if (from.kind == TypeKind::kArray && to.kind == TypeKind::kArray &&
      from.array_size != to.array_size) {
    return false;
  }
  if (IsListLike(from.kind) && IsListLike(to.kind)) return ChildrenAll(from, to, test);
  if (from.kind != to.kind) return false;
  if (from.kind == TypeKind::kMap) return ChildrenAll(from, to, test);
  // Which member a value is of is told by number.
  if (from.kind == TypeKind::kUnion) return SameNames(from, to) && ChildrenAll(from, to, test);
  return from.kind == TypeKind::kStruct && MembersAll(from, to, test);
}

// Bits of the values, without the sign.
int ValueBits(TypeKind kind) {
  switch (kind) {
    case TypeKind::kInt8: return 7;
    case TypeKind::kUInt8: return 8;
    case TypeKind::kInt16: return 15;
    case TypeKind::kUInt16: return 16;
    case TypeKind::kInt32: return 31;
    case TypeKind::kUInt32: return 32;
    case TypeKind::kInt64: return 63;
    case TypeKind::kUInt64: return 64;
    case TypeKind::kInt128: return 127;
    case TypeKind::kUInt128: return 128;
    case TypeKind::kFloat32: return 24;
    case TypeKind::kFloat64: return 53;
    default: return 0;
  }
}

bool IsSigned(TypeKind kind) { return kind < TypeKind::kUInt8 || IsFloat(kind); }

bool NumberAlwaysCasts(TypeKind from, TypeKind to) {
  if (from == TypeKind::kDecimal || to == TypeKind::kDecimal) return false;
  if (IsFloat(from) && !IsFloat(to)) return false;
  return ValueBits(from) <= ValueBits(to) && (IsSigned(to) || !IsSigned(from));
}

}  // namespace

int WholeDigits(const Type& type) {
  switch (type.kind) {
    case TypeKind::kInt8:
    case TypeKind::kUInt8: return 3;
    case TypeKind::kInt16:
    case TypeKind::kUInt16: return 5;
    case TypeKind::kInt32:
    case TypeKind::kUInt32: return 10;
    case TypeKind::kInt64: return 19;
    case TypeKind::kUInt64: return 20;
    case TypeKind::kDecimal: return type.precision - type.scale;
    default: return 39;
  }
}

bool MayCastExactly(const Type& from, const Type& to) {
  if (from == to) return true;
  if (IsNumber(from.kind) && IsNumber(to.kind)) return MayCastNumber(from.kind, to.kind);
  if (IsDateOrTimestamp(from.kind) && IsDateOrTimestamp(to.kind)) return true;
  if (IsTime(from.kind) && IsTime(to.kind)) return true;
  if (IsText(from.kind) && IsText(to.kind)) return true;
  return NestedAll(from, to, MayCastExactly);
}

bool AlwaysCastsExactly(const Type& from, const Type& to) {
  if (from == to) return true;
  if (IsNumber(from.kind) && IsNumber(to.kind)) return NumberAlwaysCasts(from.kind, to.kind);
  if (IsText(from.kind) && to.kind == TypeKind::kString) return true;
  return NestedAll(from, to, AlwaysCastsExactly);
}

}  // namespace rhizo::model
