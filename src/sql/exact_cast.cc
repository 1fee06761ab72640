#include "sql/exact_cast.h"

#include <algorithm>
#include <cmath>

#include "engine/types.h"

namespace rhizo::sql {
namespace {

using model::Type;
using model::TypeKind;

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

// There is no cast from milliseconds or nanoseconds to seconds but through microseconds.
std::optional<duckdb::LogicalType> Between(const Type& from, const Type& to) {
  bool is_fine = from.kind == TypeKind::kTimestampMs || from.kind == TypeKind::kTimestampNs;
  if (!is_fine || to.kind != TypeKind::kTimestampS) return std::nullopt;
  return duckdb::LogicalType::TIMESTAMP;
}

}  // namespace

ExactCast::ExactCast(duckdb::ClientContext& client, const Type& from, const Type& to)
    : client_(client),
      from_(engine::ToLogicalType(from)),
      to_(engine::ToLogicalType(to)),
      between_(Between(from, to)),
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
  auto step = between_.value_or(to_);
  duckdb::Vector first(step, count);
  if (!TryCast(client_, in, first, count)) return FirstThatThrows(client_, in, step, count);
  duckdb::Vector cast(to_, count);
  if (!between_) {
    cast.Reference(first);
  } else if (!TryCast(client_, first, cast, count)) {
    return FirstThatThrows(client_, first, to_, count);
  }
  out.Reference(cast);
  if (is_always_exact_) return std::nullopt;
  duckdb::Vector back(from_, count);
  if (!TryCast(client_, cast, back, count)) return FirstThatThrows(client_, cast, from_, count);
  return FirstDifference(in, back, count);
}

}  // namespace rhizo::sql
