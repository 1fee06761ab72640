#include "table/single_value.h"

#include <cmath>
#include <cstring>

#include "engine/errors.h"
#include "engine/types.h"
#include "model/schema.h"
#include "table/column_decoder.h"
#include "table/column_encoder.h"

namespace rhizo::table {

using model::TypeKind;

namespace {

template <class T>
T Load(std::string_view bytes) {
  T value;
  CHECK(bytes.size() == sizeof(T));
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

template <class T>
int Compare(std::string_view a, std::string_view b) {
  T left = Load<T>(a);
  T right = Load<T>(b);
  return left < right ? -1 : right < left ? 1 : 0;
}

template <class T>
int CompareFloats(std::string_view a, std::string_view b) {
  T left = Load<T>(a);
  T right = Load<T>(b);
  bool left_nan = std::isnan(left);
  bool right_nan = std::isnan(right);
  if (left_nan || right_nan) return static_cast<int>(left_nan) - static_cast<int>(right_nan);
  return left < right ? -1 : right < left ? 1 : 0;
}

int CompareSigned(std::string_view a, std::string_view b) {
  switch (a.size()) {
    case 1: return Compare<int8_t>(a, b);
    case 2: return Compare<int16_t>(a, b);
    case 4: return Compare<int32_t>(a, b);
    case 8: return Compare<int64_t>(a, b);
    default: return Compare<__int128>(a, b);
  }
}

int CompareUnsigned(std::string_view a, std::string_view b) {
  switch (a.size()) {
    case 1: return Compare<uint8_t>(a, b);
    case 2: return Compare<uint16_t>(a, b);
    case 4: return Compare<uint32_t>(a, b);
    case 8: return Compare<uint64_t>(a, b);
    default: return Compare<unsigned __int128>(a, b);
  }
}

bool IsUnsigned(TypeKind kind) {
  return kind == TypeKind::kBoolean || kind == TypeKind::kEnum ||
         (kind >= TypeKind::kUInt8 && kind <= TypeKind::kUInt128);
}

}  // namespace

std::string EncodeValue(const model::Type& type, const duckdb::Value& value) {
  CHECK(!value.IsNull());
  if (IsStringKind(type.kind)) return duckdb::StringValue::Get(value);
  duckdb::Vector vector(value);
  ColumnEncoder encoder(type);
  encoder.Append(vector, {.offset = 0, .count = 1});
  std::string out;
  encoder.Flush(&out);
  return out.substr(1);
}

Result<duckdb::Value> DecodeValue(const model::Type& type, std::string_view bytes) {
  if (!IsDecodable(type, 1)) return Corruption("a value of " + type.ToString() + " is too large");
  Encoder column;
  column.U8(0);
  if (IsStringKind(type.kind)) column.Varint(bytes.size());
  column.Raw(bytes);
  Decoder decoder(column.bytes());
  duckdb::Vector vector(engine::ToLogicalType(type), 1);
  DecodeColumn(type, &decoder, 1, &vector);
  RETURN_IF_ERROR(decoder.Finish("a value of type " + type.ToString()));
  // The engine makes no value of a map that has a key twice.
  auto value = engine::Guarded([&] { return vector.GetValue(0); });
  if (!value) return Corruption("a value of " + type.ToString() + " is none");
  return value;
}

std::optional<std::string> EncodeDefault(const model::Type& type, const duckdb::Value& value) {
  if (value.IsNull()) return std::nullopt;
  return EncodeValue(type, value);
}

Result<duckdb::Value> DecodeDefault(const model::Type& type,
                                    const std::optional<std::string>& bytes) {
  if (!bytes) return duckdb::Value(engine::ToLogicalType(type));
  return DecodeValue(type, *bytes);
}

bool HasBounds(const model::Type& type) {
  switch (type.kind) {
    case TypeKind::kBit:
    case TypeKind::kTimeTz:
    case TypeKind::kInterval: return false;
    default: return !type.IsNested();
  }
}

int CompareValues(const model::Type& type, std::string_view a, std::string_view b) {
  if (IsStringKind(type.kind) || type.kind == TypeKind::kUuid) return a.compare(b);
  if (type.kind == TypeKind::kFloat32) return CompareFloats<float>(a, b);
  if (type.kind == TypeKind::kFloat64) return CompareFloats<double>(a, b);
  return IsUnsigned(type.kind) ? CompareUnsigned(a, b) : CompareSigned(a, b);
}

std::optional<std::string> LowerBound(const model::Type& type, std::string_view value,
                                      bool* exact) {
  *exact = !IsStringKind(type.kind) || value.size() <= kMaxBoundBytes;
  return std::string(*exact ? value : value.substr(0, kMaxBoundBytes));
}

std::optional<std::string> UpperBound(const model::Type& type, std::string_view value,
                                      bool* exact) {
  auto bound = LowerBound(type, value, exact);
  if (*exact) return bound;
  while (!bound->empty() && static_cast<uint8_t>(bound->back()) == 0xff) bound->pop_back();
  if (bound->empty()) return std::nullopt;
  bound->back() = static_cast<char>(bound->back() + 1);
  return bound;
}

}  // namespace rhizo::table
