#include "table/statistics_builder.h"

#include <algorithm>
#include <bitset>
#include <cmath>
#include <cstring>

#include "model/schema.h"
#include "table/single_value.h"

namespace rhizo::table {

using duckdb::idx_t;
using duckdb::Vector;
using model::TypeKind;

namespace {

template <class T>
bool Less(const T& a, const T& b) {
  if constexpr (std::is_floating_point_v<T>) {
    return !std::isnan(a) && (std::isnan(b) || a < b);
  } else {
    return a < b;
  }
}

template <class T>
struct Extremes {
  bool any = false;
  T min{};
  T max{};

  void Add(const T& value) {
    if (!any) {
      min = max = value;
      any = true;
      return;
    }
    if (Less(value, min)) min = value;
    if (Less(max, value)) max = value;
  }
};

template <class T>
void AddAll(const T* data, idx_t count, Extremes<T>* extremes) {
  if (count == 0) return;
  extremes->Add(data[0]);
  T min = extremes->min;
  T max = extremes->max;
  for (idx_t i = 0; i < count; ++i) {
    min = Less(data[i], min) ? data[i] : min;
    max = Less(max, data[i]) ? data[i] : max;
  }
  extremes->min = min;
  extremes->max = max;
}

constexpr size_t kRememberedRows = 1024;

template <class T>
Extremes<T> ExtremesOf(const duckdb::UnifiedVectorFormat& format, idx_t offset, idx_t count) {
  const auto* data = reinterpret_cast<const T*>(format.data);
  Extremes<T> extremes;
  bool all_valid = format.validity.AllValid();
  if (all_valid && !format.sel->IsSet()) {
    AddAll(data + offset, count, &extremes);
    return extremes;
  }
  // Dictionaries repeat themselves: a value that was looked at need not be compared again.
  std::bitset<kRememberedRows> seen;
  for (idx_t i = offset; i < offset + count; ++i) {
    auto row = format.sel->get_index(i);
    if (row < kRememberedRows) {
      if (seen[row]) continue;
      seen[row] = true;
    }
    if (all_valid || format.validity.RowIsValid(row)) extremes.Add(data[row]);
  }
  return extremes;
}

template <class T>
std::string ToBytes(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(T));
}
std::string ToBytes(const duckdb::string_t& value) { return value.GetString(); }

// The engine keeps UUIDs as numbers with the first bit turned.
std::string ToUuidBytes(const duckdb::hugeint_t& value) {
  uint64_t upper = static_cast<uint64_t>(value.upper) ^ (uint64_t{1} << 63);
  uint64_t halves[2] = {__builtin_bswap64(upper), __builtin_bswap64(value.lower)};
  return std::string(reinterpret_cast<const char*>(halves), sizeof(halves));
}

duckdb::hugeint_t FromUuidBytes(std::string_view bytes) {
  uint64_t halves[2];
  std::memcpy(halves, bytes.data(), sizeof(halves));
  duckdb::hugeint_t value;
  value.upper = static_cast<int64_t>(__builtin_bswap64(halves[0]) ^ (uint64_t{1} << 63));
  value.lower = __builtin_bswap64(halves[1]);
  return value;
}

template <class T>
void SetBounds(const duckdb::UnifiedVectorFormat& format, idx_t offset, idx_t count, Bounds* out) {
  auto extremes = ExtremesOf<T>(format, offset, count);
  if (!extremes.any) return;
  out->min = ToBytes(extremes.min);
  out->max = ToBytes(extremes.max);
}

void SetUuidBounds(const duckdb::UnifiedVectorFormat& format, idx_t offset, idx_t count,
                   Bounds* out) {
  auto extremes = ExtremesOf<duckdb::hugeint_t>(format, offset, count);
  if (!extremes.any) return;
  out->min = ToUuidBytes(extremes.min);
  out->max = ToUuidBytes(extremes.max);
}

// Calls visit(T{}) with the C++ type of a physical type; false if it has none here.
template <class Visit>
bool WithNativeType(duckdb::PhysicalType physical, Visit&& visit) {
  switch (physical) {
    case duckdb::PhysicalType::BOOL: visit(bool{}); return true;
    case duckdb::PhysicalType::INT8: visit(int8_t{}); return true;
    case duckdb::PhysicalType::INT16: visit(int16_t{}); return true;
    case duckdb::PhysicalType::INT32: visit(int32_t{}); return true;
    case duckdb::PhysicalType::INT64: visit(int64_t{}); return true;
    case duckdb::PhysicalType::INT128: visit(duckdb::hugeint_t{}); return true;
    case duckdb::PhysicalType::UINT8: visit(uint8_t{}); return true;
    case duckdb::PhysicalType::UINT16: visit(uint16_t{}); return true;
    case duckdb::PhysicalType::UINT32: visit(uint32_t{}); return true;
    case duckdb::PhysicalType::UINT64: visit(uint64_t{}); return true;
    case duckdb::PhysicalType::UINT128: visit(duckdb::uhugeint_t{}); return true;
    case duckdb::PhysicalType::FLOAT: visit(float{}); return true;
    case duckdb::PhysicalType::DOUBLE: visit(double{}); return true;
    default: return false;
  }
}

uint64_t CountNulls(const duckdb::UnifiedVectorFormat& format, idx_t offset, idx_t count) {
  if (format.validity.AllValid()) return 0;
  uint64_t nulls = 0;
  for (idx_t i = offset; i < offset + count; ++i) {
    nulls += !format.validity.RowIsValid(format.sel->get_index(i));
  }
  return nulls;
}

template <class T>
T FromBytes(const std::string& bytes) {
  T value;
  CHECK(bytes.size() == sizeof(T));
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

std::optional<uint64_t> MaxLength(const duckdb::UnifiedVectorFormat& format, idx_t offset,
                                  idx_t count) {
  const auto* data = reinterpret_cast<const duckdb::string_t*>(format.data);
  bool all_valid = format.validity.AllValid();
  std::optional<uint64_t> longest;
  for (idx_t i = offset; i < offset + count; ++i) {
    auto row = format.sel->get_index(i);
    if (!all_valid && !format.validity.RowIsValid(row)) continue;
    longest = std::max<uint64_t>(longest.value_or(0), data[row].GetSize());
  }
  return longest;
}

void SetEngineBound(const model::Type& type, const std::string& bytes, bool is_min,
                    duckdb::BaseStatistics* out) {
  if (IsStringKind(type.kind)) {
    duckdb::string_t text(bytes.data(), static_cast<uint32_t>(bytes.size()));
    return is_min ? duckdb::StringStats::SetMin(*out, text)
                  : duckdb::StringStats::SetMax(*out, text);
  }
  auto set = [&](auto value) {
    is_min ? duckdb::NumericStats::SetMin(*out, value) : duckdb::NumericStats::SetMax(*out, value);
  };
  if (type.kind == TypeKind::kUuid) return set(FromUuidBytes(bytes));
  WithNativeType(out->GetType().InternalType(),
                 [&](auto zero) { set(FromBytes<decltype(zero)>(bytes)); });
}

}  // namespace

void Bounds::Join(const model::Type& type, const Bounds& other) {
  null_count += other.null_count;
  if (other.min && (!min || CompareValues(type, *other.min, *min) < 0)) min = other.min;
  if (other.max && (!max || CompareValues(type, *other.max, *max) > 0)) max = other.max;
  if (other.max_length) max_length = std::max(max_length.value_or(0), *other.max_length);
}

std::optional<uint64_t> MaxLength(Vector& strings, idx_t offset, idx_t count) {
  duckdb::UnifiedVectorFormat format;
  strings.ToUnifiedFormat(offset + count, format);
  return MaxLength(format, offset, count);
}

Bounds BoundsOf(const model::Type& type, Vector& vector, idx_t offset, idx_t count) {
  duckdb::UnifiedVectorFormat format;
  vector.ToUnifiedFormat(offset + count, format);
  Bounds bounds;
  bounds.null_count = CountNulls(format, offset, count);
  if (!HasBounds(type)) return bounds;
  if (type.kind == TypeKind::kUuid) {
    SetUuidBounds(format, offset, count, &bounds);
  } else if (IsStringKind(type.kind)) {
    SetBounds<duckdb::string_t>(format, offset, count, &bounds);
    bounds.max_length = MaxLength(format, offset, count);
  } else {
    WithNativeType(vector.GetType().InternalType(),
                   [&](auto zero) { SetBounds<decltype(zero)>(format, offset, count, &bounds); });
  }
  return bounds;
}

model::ColumnStatistics ToStatistics(const model::Type& type, const Bounds& bounds) {
  model::ColumnStatistics statistics;
  statistics.null_count = bounds.null_count;
  statistics.max_length = bounds.max_length;
  if (bounds.min) statistics.min = LowerBound(type, *bounds.min, &statistics.min_exact);
  if (bounds.max) statistics.max = UpperBound(type, *bounds.max, &statistics.max_exact);
  return statistics;
}

void StatisticsBuilder::Append(Vector& vector, idx_t offset, idx_t count) {
  if (count == 0) return;
  bounds_.Join(type_, BoundsOf(type_, vector, offset, count));
  key_.Append(vector, {.offset = offset, .count = count});
  CountDistinct(vector, offset, count);
  rows_ += count;
}

void StatisticsBuilder::CountDistinct(Vector& vector, idx_t offset, idx_t count) {
  if (!duckdb::DistinctStatistics::TypeIsSupported(vector.GetType())) return;
  if (!distinct_) distinct_ = std::make_unique<duckdb::DistinctStatistics>();
  for (idx_t done = 0; done < count; done += STANDARD_VECTOR_SIZE) {
    idx_t part = std::min<idx_t>(count - done, STANDARD_VECTOR_SIZE);
    Vector slice(vector, offset + done, offset + done + part);
    distinct_->UpdateSample(slice, part, hashes_);
  }
}

model::ColumnStatistics StatisticsBuilder::Finish() {
  auto statistics = ToStatistics(type_, bounds_);
  uint64_t values = rows_ - bounds_.null_count;
  statistics.distinct_estimate = distinct_ ? std::min<uint64_t>(distinct_->GetCount(), values) : 0;
  statistics.content_key = key_.Finish();
  return statistics;
}

duckdb::unique_ptr<duckdb::BaseStatistics> ToEngineStatistics(
    const model::Type& type, const duckdb::LogicalType& engine_type, const Bounds& bounds,
    uint64_t rows) {
  bool no_values = bounds.null_count >= rows && !engine_type.IsNested();
  auto statistics = no_values ? duckdb::BaseStatistics::CreateEmpty(engine_type)
                              : duckdb::BaseStatistics::CreateUnknown(engine_type);
  if (no_values) {
    if (bounds.null_count > 0) statistics.SetHasNullFast();
    return statistics.ToUnique();
  }
  if (bounds.min) SetEngineBound(type, *bounds.min, true, &statistics);
  if (bounds.max) SetEngineBound(type, *bounds.max, false, &statistics);
  if (bounds.max_length) {
    duckdb::StringStats::SetMaxStringLength(statistics, static_cast<uint32_t>(*bounds.max_length));
  }
  if (bounds.null_count == 0) statistics.Set(duckdb::StatsInfo::CANNOT_HAVE_NULL_VALUES);
  return statistics.ToUnique();
}

}  // namespace rhizo::table
