#include "sql/exact_cast.h"

#include <algorithm>
#include <cmath>

#include "engine/types.h"

namespace rhizo::sql {
namespace {

using model::Type;
using model::TypeKind;

bool IsInteger(TypeKind kind) { return kind >= TypeKind::kInt8 && kind <= TypeKind::kUInt128; }
bool IsFloat(TypeKind kind) { return kind == TypeKind::kFloat32 || kind == TypeKind::kFloat64; }
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

template <class T>
void NanToNull(const duckdb::UnifiedVectorFormat& format, duckdb::idx_t count,
               duckdb::Vector* out) {
  const auto* values = duckdb::UnifiedVectorFormat::GetData<T>(format);
  auto* copies = duckdb::FlatVector::GetData<T>(*out);
  auto& validity = duckdb::FlatVector::Validity(*out);
  for (duckdb::idx_t i = 0; i < count; ++i) {
    auto row = format.sel->get_index(i);
    copies[i] = values[row];
    if (!format.validity.RowIsValid(row) || std::isnan(values[row])) validity.SetInvalid(i);
  }
}

duckdb::Vector WithoutNan(duckdb::Vector& in, duckdb::idx_t count) {
  duckdb::Vector out(in.GetType(), count);
  duckdb::UnifiedVectorFormat format;
  in.ToUnifiedFormat(count, format);
  if (in.GetType().id() == duckdb::LogicalTypeId::FLOAT) {
    NanToNull<float>(format, count, &out);
  } else {
    NanToNull<double>(format, count, &out);
  }
  return out;
}

std::optional<duckdb::idx_t> FirstDifference(duckdb::Vector& a, duckdb::Vector& b,
                                             duckdb::idx_t count) {
  duckdb::SelectionVector differing(count);
  auto found = duckdb::VectorOperations::DistinctFrom(a, b, nullptr, count, &differing, nullptr);
  if (found == 0) return std::nullopt;
  return *std::min_element(differing.data(), differing.data() + found);
}

// Values that fail become NULL. False where DuckDB throws instead, as it does for some timestamps.
bool TryCast(duckdb::ClientContext& client, duckdb::Vector& in, duckdb::Vector& out,
             duckdb::idx_t count) {
  std::string ignored;
  try {
    duckdb::VectorOperations::TryCast(client, in, out, count, &ignored);
    return true;
  } catch (const duckdb::Exception&) {
    return false;
  }
}

duckdb::idx_t FirstThatThrows(duckdb::ClientContext& client, duckdb::Vector& in,
                              const duckdb::LogicalType& to, duckdb::idx_t count) {
  for (duckdb::idx_t i = 0; i < count; ++i) {
    duckdb::Vector one(in, i, i + 1);
    duckdb::Vector out(to, 1);
    if (!TryCast(client, one, out, 1)) return i;
  }
  return 0;
}

}  // namespace

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

ExactCast::ExactCast(duckdb::ClientContext& client, const Type& from, const Type& to)
    : client_(client),
      from_(engine::ToLogicalType(from)),
      to_(engine::ToLogicalType(to)),
      is_same_(from_ == to_),
      is_always_exact_(AlwaysCastsExactly(from, to)),
      nan_is_null_(IsFloat(from.kind) && IsInteger(to.kind)) {}

std::optional<duckdb::idx_t> ExactCast::Run(duckdb::Vector& in, duckdb::Vector& out,
                                            duckdb::idx_t count) {
  if (is_same_) {
    out.Reference(in);
    return std::nullopt;
  }
  if (nan_is_null_) {
    auto numbers = WithoutNan(in, count);
    in.Reference(numbers);
  }
  duckdb::Vector cast(to_, count);
  if (!TryCast(client_, in, cast, count)) return FirstThatThrows(client_, in, to_, count);
  out.Reference(cast);
  if (is_always_exact_) return std::nullopt;
  duckdb::Vector back(from_, count);
  if (!TryCast(client_, cast, back, count)) return FirstThatThrows(client_, cast, from_, count);
  return FirstDifference(in, back, count);
}

}  // namespace rhizo::sql
