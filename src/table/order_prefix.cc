#include "table/order_prefix.h"

#include <cstring>

namespace rhizo::table {
namespace {

using duckdb::PhysicalType;

constexpr uint64_t kTopBit = uint64_t{1} << 63;

template <class Number>
uint64_t Prefix(Number value) {
  if constexpr (std::is_same_v<Number, duckdb::hugeint_t>) {
    return static_cast<uint64_t>(value.upper) ^ kTopBit;
  } else if constexpr (std::is_same_v<Number, duckdb::uhugeint_t>) {
    return value.upper;
  } else if constexpr (std::is_floating_point_v<Number>) {
    double wide = value == 0 ? 0.0 : static_cast<double>(value);  // -0.0 is 0.0
    uint64_t bits = 0;
    std::memcpy(&bits, &wide, sizeof(bits));
    return (bits & kTopBit) != 0 ? ~bits : bits | kTopBit;
  } else if constexpr (std::is_signed_v<Number>) {
    return static_cast<uint64_t>(static_cast<int64_t>(value)) ^ kTopBit;
  } else {
    return static_cast<uint64_t>(value);
  }
}

uint64_t TextPrefix(const char* data, size_t size, char fill) {
  uint64_t prefix = 0;
  for (size_t i = 0; i < 8; ++i) {
    prefix = prefix << 8 | static_cast<unsigned char>(i < size ? data[i] : fill);
  }
  return prefix;
}

// Calls `visit` with a value of the type's C++ form; false for types without bounds.
template <class Visit>
bool ForNumber(PhysicalType type, Visit&& visit) {
  switch (type) {
    case PhysicalType::BOOL: visit(bool{}); return true;
    case PhysicalType::INT8: visit(int8_t{}); return true;
    case PhysicalType::INT16: visit(int16_t{}); return true;
    case PhysicalType::INT32: visit(int32_t{}); return true;
    case PhysicalType::INT64: visit(int64_t{}); return true;
    case PhysicalType::UINT8: visit(uint8_t{}); return true;
    case PhysicalType::UINT16: visit(uint16_t{}); return true;
    case PhysicalType::UINT32: visit(uint32_t{}); return true;
    case PhysicalType::UINT64: visit(uint64_t{}); return true;
    case PhysicalType::INT128: visit(duckdb::hugeint_t{}); return true;
    case PhysicalType::UINT128: visit(duckdb::uhugeint_t{}); return true;
    case PhysicalType::FLOAT: visit(float{}); return true;
    case PhysicalType::DOUBLE: visit(double{}); return true;
    default: return false;
  }
}

}  // namespace

void AppendOrderPrefixes(duckdb::Vector& values, duckdb::idx_t count, std::vector<uint64_t>* out) {
  duckdb::UnifiedVectorFormat format;
  values.ToUnifiedFormat(count, format);
  auto type = values.GetType().InternalType();
  if (type == PhysicalType::VARCHAR) {
    const auto* texts = reinterpret_cast<const duckdb::string_t*>(format.data);
    for (duckdb::idx_t i = 0; i < count; ++i) {
      const auto& text = texts[format.sel->get_index(i)];
      out->push_back(TextPrefix(text.GetData(), text.GetSize(), '\0'));
    }
    return;
  }
  bool known = ForNumber(type, [&]<class Number>(Number) {
    const auto* numbers = reinterpret_cast<const Number*>(format.data);
    for (duckdb::idx_t i = 0; i < count; ++i) {
      out->push_back(Prefix(numbers[format.sel->get_index(i)]));
    }
  });
  if (!known) out->resize(out->size() + count);
}

std::pair<uint64_t, uint64_t> OrderPrefixRange(const duckdb::BaseStatistics* statistics) {
  std::pair<uint64_t, uint64_t> all{0, UINT64_MAX};
  if (statistics == nullptr) return all;
  auto type = statistics->GetType().InternalType();
  if (type == PhysicalType::VARCHAR) {
    auto min = duckdb::StringStats::Min(*statistics);
    auto max = duckdb::StringStats::Max(*statistics);
    return {TextPrefix(min.data(), min.size(), '\0'), TextPrefix(max.data(), max.size(), '\xff')};
  }
  if (!duckdb::NumericStats::HasMinMax(*statistics)) return all;
  ForNumber(type, [&]<class Number>(Number) {
    all = {Prefix(duckdb::NumericStats::GetMin<Number>(*statistics)),
           Prefix(duckdb::NumericStats::GetMax<Number>(*statistics))};
  });
  return all;
}

}  // namespace rhizo::table
