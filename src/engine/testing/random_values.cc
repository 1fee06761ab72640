#include "engine/testing/random_values.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/types.h"
#include "model/schema.h"

namespace rhizo::engine {
namespace {

using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using duckdb::Value;
using model::Type;
using model::TypeKind;

uint64_t Below(Generator* random, uint64_t limit) { return (*random)() % limit; }

// Extremes as often as ordinary values.
template <class T>
T Integer(Generator* random) {
  switch (Below(random, 6)) {
    case 0: return std::numeric_limits<T>::min();
    case 1: return std::numeric_limits<T>::max();
    case 2: return 0;
    case 3: return static_cast<T>(Below(random, 100));
    default: return static_cast<T>((*random)());
  }
}

duckdb::hugeint_t Wide(Generator* random) {
  duckdb::hugeint_t value;
  value.upper = Integer<int64_t>(random);
  value.lower = Integer<uint64_t>(random);
  return value;
}

template <class Float, class Word>
Float Floating(Generator* random, Word quiet_nan) {
  switch (Below(random, 8)) {
    case 0: return static_cast<Float>(-0.0);
    case 1: return 0;
    case 2: return std::numeric_limits<Float>::infinity();
    case 3: return -std::numeric_limits<Float>::infinity();
    case 4: {
      Word bits = quiet_nan | static_cast<Word>(Below(random, 1000));
      Float value;
      std::memcpy(&value, &bits, sizeof(value));
      return value;
    }
    case 5: return std::numeric_limits<Float>::denorm_min();
    default: return static_cast<Float>(std::ldexp(static_cast<double>(Below(random, 1000)), 3));
  }
}

std::string Bytes(Generator* random) {
  std::string bytes(Below(random, 4) == 0 ? 0 : Below(random, 40), '\0');
  for (char& c : bytes) c = static_cast<char>((*random)());
  return bytes;
}

std::string Text(Generator* random) {
  static const std::array<std::string, 8> kParts = {"a",    "Z",  " ",   "é",
                                                    "日本", "😀", "\"'", "x\ty"};
  std::string text;
  for (uint64_t left = Below(random, 12); left > 0; --left) text += kParts[Below(random, 8)];
  return text;
}

std::string BitText(Generator* random) {
  std::string text(1 + Below(random, 40), '0');
  for (char& c : text) c = Below(random, 2) == 0 ? '0' : '1';
  return text;
}

int64_t PowerOfTen(int digits) {
  int64_t power = 1;
  while (digits-- > 0) power *= 10;
  return power;
}

Value Decimal(Generator* random, const Type& type) {
  int digits = std::min<int>(type.precision, 18);
  auto value = static_cast<int64_t>(Below(random, static_cast<uint64_t>(PowerOfTen(digits))));
  if (Below(random, 2) == 0) value = -value;
  if (type.precision <= 4) {
    return Value::DECIMAL(static_cast<int16_t>(value), type.precision, type.scale);
  }
  if (type.precision <= 9) {
    return Value::DECIMAL(static_cast<int32_t>(value), type.precision, type.scale);
  }
  if (type.precision <= 18) return Value::DECIMAL(value, type.precision, type.scale);
  auto wide = duckdb::hugeint_t(value) * duckdb::hugeint_t(PowerOfTen(type.precision - 18 - 1));
  return Value::DECIMAL(wide, type.precision, type.scale);
}

Value Json(Generator* random) {
  Value value("[" + std::to_string(Below(random, 99)) + ", {\"é\": null}]");
  value.Reinterpret(LogicalType::JSON());
  return value;
}

Value Leaf(Generator* random, const Type& type) {
  constexpr int64_t kDayMicros = 86'400'000'000;
  switch (type.kind) {
    case TypeKind::kBoolean: return Value::BOOLEAN(Below(random, 2) == 0);
    case TypeKind::kInt8: return Value::TINYINT(Integer<int8_t>(random));
    case TypeKind::kInt16: return Value::SMALLINT(Integer<int16_t>(random));
    case TypeKind::kInt32: return Value::INTEGER(Integer<int32_t>(random));
    case TypeKind::kInt64: return Value::BIGINT(Integer<int64_t>(random));
    case TypeKind::kInt128: return Value::HUGEINT(Wide(random));
    case TypeKind::kUInt8: return Value::UTINYINT(Integer<uint8_t>(random));
    case TypeKind::kUInt16: return Value::USMALLINT(Integer<uint16_t>(random));
    case TypeKind::kUInt32: return Value::UINTEGER(Integer<uint32_t>(random));
    case TypeKind::kUInt64: return Value::UBIGINT(Integer<uint64_t>(random));
    case TypeKind::kUInt128: {
      duckdb::uhugeint_t value;
      value.upper = Integer<uint64_t>(random);
      value.lower = Integer<uint64_t>(random);
      return Value::UHUGEINT(value);
    }
    case TypeKind::kFloat32: return Value::FLOAT(Floating<float>(random, 0x7fc00000u));
    case TypeKind::kFloat64:
      return Value::DOUBLE(Floating<double>(random, uint64_t{0x7ff8000000000000}));
    case TypeKind::kDecimal: return Decimal(random, type);
    case TypeKind::kString: return Value(Text(random));
    case TypeKind::kBlob: {
      std::string bytes = Bytes(random);
      return Value::BLOB(duckdb::const_data_ptr_cast(bytes.data()), bytes.size());
    }
    case TypeKind::kBit: return Value::BIT(BitText(random));
    case TypeKind::kUuid: return Value::UUID(Wide(random));
    case TypeKind::kDate:
      return Value::DATE(duckdb::date_t(static_cast<int32_t>(Below(random, 100000)) - 50000));
    case TypeKind::kTime:
      return Value::TIME(duckdb::dtime_t(static_cast<int64_t>(Below(random, kDayMicros + 1))));
    case TypeKind::kTimeNs:
      return Value::TIME_NS(
          duckdb::dtime_ns_t(static_cast<int64_t>(Below(random, kDayMicros * 1000 + 1))));
    case TypeKind::kTimeTz:
      return Value::TIMETZ(
          duckdb::dtime_tz_t(duckdb::dtime_t(static_cast<int64_t>(Below(random, kDayMicros))),
                             static_cast<int32_t>(Below(random, 100000)) - 50000));
    case TypeKind::kTimestampS:
      return Value::TIMESTAMPSEC(
          duckdb::timestamp_sec_t(static_cast<int64_t>(Below(random, 1u << 31))));
    case TypeKind::kTimestampMs:
      return Value::TIMESTAMPMS(
          duckdb::timestamp_ms_t(static_cast<int64_t>(Below(random, uint64_t{1} << 41))));
    case TypeKind::kTimestampUs:
      if (Below(random, 8) == 0) return Value::TIMESTAMP(duckdb::timestamp_t::infinity());
      return Value::TIMESTAMP(
          duckdb::timestamp_t(static_cast<int64_t>(Below(random, uint64_t{1} << 52)) - 12345));
    case TypeKind::kTimestampNs:
      return Value::TIMESTAMPNS(duckdb::timestamp_ns_t(static_cast<int64_t>((*random)() >> 1)));
    case TypeKind::kTimestampTz:
      if (Below(random, 8) == 0) {
        return Value::TIMESTAMPTZ(duckdb::timestamp_tz_t(duckdb::timestamp_t::ninfinity()));
      }
      return Value::TIMESTAMPTZ(
          duckdb::timestamp_tz_t(static_cast<int64_t>(Below(random, uint64_t{1} << 52))));
    case TypeKind::kInterval:
      return Value::INTERVAL(Integer<int32_t>(random), Integer<int32_t>(random),
                             static_cast<int64_t>((*random)() >> 12) - (int64_t{1} << 50));
    case TypeKind::kEnum:
      return Value::ENUM(Below(random, type.enum_values.size()), ToLogicalType(type));
    case TypeKind::kJson: return Json(random);
    default: CHECK(false);
  }
  __builtin_unreachable();
}

duckdb::vector<Value> Items(Generator* random, const Type& element, uint64_t count) {
  duckdb::vector<Value> items;
  while (count-- > 0) items.push_back(RandomValue(random, element));
  return items;
}

Value Map(Generator* random, const Type& type) {
  duckdb::vector<Value> keys;
  duckdb::vector<Value> values;
  for (uint64_t left = Below(random, 4); left > 0; --left) {
    Value key = RandomValue(random, type.children[0].type, 0);
    auto same = [&](const Value& other) { return Value::NotDistinctFrom(key, other); };
    if (std::any_of(keys.begin(), keys.end(), same)) continue;
    keys.push_back(key);
    values.push_back(RandomValue(random, type.children[1].type));
  }
  return Value::MAP(ToLogicalType(type.children[0].type), ToLogicalType(type.children[1].type),
                    keys, values);
}

Value Struct(Generator* random, const Type& type) {
  duckdb::child_list_t<Value> members;
  for (const auto& field : type.children) {
    members.emplace_back(field.name, RandomValue(random, field.type));
  }
  return Value::STRUCT(std::move(members));
}

Value Union(Generator* random, const Type& type) {
  duckdb::child_list_t<LogicalType> members;
  for (const auto& field : type.children) {
    members.emplace_back(field.name, ToLogicalType(field.type));
  }
  auto tag = static_cast<uint8_t>(Below(random, type.children.size()));
  // Arrow cannot tell a NULL first member from a NULL union.
  double null_share = tag == 0 ? 0 : 0.2;
  return Value::UNION(members, tag, RandomValue(random, type.children[tag].type, null_share));
}

model::Field Child(std::string name, Type type) {
  model::Field field;
  field.name = std::move(name);
  field.type = std::move(type);
  return field;
}

template <class T>
std::string Raw(T value) {
  std::string out(sizeof(value), '\0');
  std::memcpy(out.data(), &value, sizeof(value));
  return out;
}

std::string Joined(const duckdb::vector<Value>& values) {
  std::string out = std::to_string(values.size()) + "[";
  for (const auto& value : values) out += ExactText(value) + ";";
  return out + "]";
}

}  // namespace

std::vector<Type> LeafTypes() {
  std::vector<Type> types;
  for (int kind = 1; kind <= static_cast<int>(TypeKind::kJson); ++kind) {
    Type type = OfKind(static_cast<TypeKind>(kind));
    if (type.IsNested() || type.kind == TypeKind::kDecimal || type.kind == TypeKind::kEnum) {
      continue;
    }
    types.push_back(type);
  }
  for (uint8_t precision : {3, 9, 18, 38}) {
    types.push_back(DecimalOf(precision, 2));
  }
  for (int values : {3, 300}) {
    Type type = OfKind(TypeKind::kEnum);
    for (int i = 0; i < values; ++i) type.enum_values.push_back("v" + std::to_string(i));
    types.push_back(type);
  }
  return types;
}

Type RandomType(Generator* random, int depth) {
  static const std::vector<Type> kLeaves = LeafTypes();
  if (depth == 0 || Below(random, 4) == 0) return kLeaves[Below(random, kLeaves.size())];
  Type type;
  auto child = [&](std::string name) {
    return Child(std::move(name), RandomType(random, depth - 1));
  };
  switch (Below(random, 5)) {
    case 0:
      type.kind = TypeKind::kList;
      type.children = {child("element")};
      break;
    case 1:
      type.kind = TypeKind::kArray;
      type.array_size = static_cast<uint32_t>(1 + Below(random, 4));
      type.children = {child("element")};
      break;
    case 2:
      type.kind = TypeKind::kStruct;
      type.children = {child("a"), child("b c")};
      break;
    case 3:
      type.kind = TypeKind::kMap;
      type.children = {Child("key", kLeaves[Below(random, kLeaves.size())]), child("value")};
      type.children[0].nullable = false;
      break;
    default: type.kind = TypeKind::kUnion; type.children = {child("x"), child("y"), child("tag")};
  }
  return type;
}

Value RandomValue(Generator* random, const Type& type, double null_share) {
  if (static_cast<double>(Below(random, 1000)) < null_share * 1000) {
    return Value(ToLogicalType(type));
  }
  switch (type.kind) {
    case TypeKind::kList: {
      const Type& element = type.children[0].type;
      return Value::LIST(ToLogicalType(element), Items(random, element, Below(random, 4)));
    }
    case TypeKind::kArray: {
      const Type& element = type.children[0].type;
      return Value::ARRAY(ToLogicalType(element), Items(random, element, type.array_size));
    }
    case TypeKind::kStruct: return Struct(random, type);
    case TypeKind::kMap: return Map(random, type);
    case TypeKind::kUnion: return Union(random, type);
    default: return Leaf(random, type);
  }
}

void FillRandom(Generator* random, const Type& type, duckdb::Vector* out, duckdb::idx_t count) {
  for (duckdb::idx_t i = 0; i < count; ++i) out->SetValue(i, RandomValue(random, type));
}

std::string ExactText(const Value& value) {
  if (value.IsNull()) return "NULL";
  switch (value.type().id()) {
    case LogicalTypeId::FLOAT: return Raw(value.GetValueUnsafe<float>());
    case LogicalTypeId::DOUBLE: return Raw(value.GetValueUnsafe<double>());
    case LogicalTypeId::INTERVAL: {
      auto interval = value.GetValueUnsafe<duckdb::interval_t>();
      return Raw(interval.months) + Raw(interval.days) + Raw(interval.micros);
    }
    case LogicalTypeId::TIME_TZ: return Raw(value.GetValueUnsafe<duckdb::dtime_tz_t>().bits);
    case LogicalTypeId::LIST: return Joined(duckdb::ListValue::GetChildren(value));
    case LogicalTypeId::MAP: return Joined(duckdb::ListValue::GetChildren(value));
    case LogicalTypeId::ARRAY: return Joined(duckdb::ArrayValue::GetChildren(value));
    case LogicalTypeId::STRUCT: return Joined(duckdb::StructValue::GetChildren(value));
    case LogicalTypeId::UNION:
      return std::to_string(duckdb::UnionValue::GetTag(value)) + ":" +
             ExactText(duckdb::UnionValue::GetValue(value));
    default: return value.ToString();
  }
}

}  // namespace rhizo::engine
