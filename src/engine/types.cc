#include "engine/types.h"

#include <optional>
#include <string>
#include <utility>

namespace rhizo::engine {
namespace {

using duckdb::LogicalType;
using duckdb::LogicalTypeId;
using model::Type;
using model::TypeKind;

LogicalType EnumOf(const std::vector<std::string>& values) {
  duckdb::Vector names(LogicalType::VARCHAR, values.size());
  auto* data = duckdb::FlatVector::GetData<duckdb::string_t>(names);
  for (size_t i = 0; i < values.size(); ++i) {
    data[i] = duckdb::StringVector::AddString(names, values[i]);
  }
  return LogicalType::ENUM(names, values.size());
}

duckdb::child_list_t<LogicalType> Members(const Type& type) {
  duckdb::child_list_t<LogicalType> members;
  for (const auto& field : type.children) {
    members.emplace_back(field.name, ToLogicalType(field.type));
  }
  return members;
}

// What a kind without parameters is called here.
LogicalTypeId PlainId(TypeKind kind) {
  switch (kind) {
    case TypeKind::kBoolean: return LogicalTypeId::BOOLEAN;
    case TypeKind::kInt8: return LogicalTypeId::TINYINT;
    case TypeKind::kInt16: return LogicalTypeId::SMALLINT;
    case TypeKind::kInt32: return LogicalTypeId::INTEGER;
    case TypeKind::kInt64: return LogicalTypeId::BIGINT;
    case TypeKind::kInt128: return LogicalTypeId::HUGEINT;
    case TypeKind::kUInt8: return LogicalTypeId::UTINYINT;
    case TypeKind::kUInt16: return LogicalTypeId::USMALLINT;
    case TypeKind::kUInt32: return LogicalTypeId::UINTEGER;
    case TypeKind::kUInt64: return LogicalTypeId::UBIGINT;
    case TypeKind::kUInt128: return LogicalTypeId::UHUGEINT;
    case TypeKind::kFloat32: return LogicalTypeId::FLOAT;
    case TypeKind::kFloat64: return LogicalTypeId::DOUBLE;
    case TypeKind::kString: return LogicalTypeId::VARCHAR;
    case TypeKind::kBlob: return LogicalTypeId::BLOB;
    case TypeKind::kBit: return LogicalTypeId::BIT;
    case TypeKind::kUuid: return LogicalTypeId::UUID;
    case TypeKind::kDate: return LogicalTypeId::DATE;
    case TypeKind::kTime: return LogicalTypeId::TIME;
    case TypeKind::kTimeNs: return LogicalTypeId::TIME_NS;
    case TypeKind::kTimeTz: return LogicalTypeId::TIME_TZ;
    case TypeKind::kTimestampS: return LogicalTypeId::TIMESTAMP_SEC;
    case TypeKind::kTimestampMs: return LogicalTypeId::TIMESTAMP_MS;
    case TypeKind::kTimestampUs: return LogicalTypeId::TIMESTAMP;
    case TypeKind::kTimestampNs: return LogicalTypeId::TIMESTAMP_NS;
    case TypeKind::kTimestampTz: return LogicalTypeId::TIMESTAMP_TZ;
    case TypeKind::kInterval: return LogicalTypeId::INTERVAL;
    default: return LogicalTypeId::INVALID;
  }
}

// The kind of a type without parameters; nothing for all others.
std::optional<TypeKind> PlainKind(LogicalTypeId id) {
  for (int kind = 1; kind <= static_cast<int>(TypeKind::kJson); ++kind) {
    if (id != LogicalTypeId::INVALID && PlainId(static_cast<TypeKind>(kind)) == id) {
      return static_cast<TypeKind>(kind);
    }
  }
  return std::nullopt;
}

Error CannotStore(const LogicalType& type, const std::string& why) {
  return Error(ErrorCode::kSchema,
               "a column of type " + type.ToString() + " cannot be stored" + why)
      .With("type", type.ToString());
}

enum class Use { kColumn, kResult };

Result<Type> Convert(const LogicalType& type, Use use);

Result<model::Field> Member(std::string name, const LogicalType& type, Use use) {
  model::Field field;
  field.name = std::move(name);
  ASSIGN_OR_RETURN(field.type, Convert(type, use));
  return field;
}

Result<Type> Elements(Type type, const LogicalType& element, Use use) {
  ASSIGN_OR_RETURN(auto field, Member("element", element, use));
  type.children.push_back(std::move(field));
  return type;
}

Result<Type> ConvertMap(const LogicalType& type, Use use) {
  Type map = OfKind(TypeKind::kMap);
  ASSIGN_OR_RETURN(auto key, Member("key", duckdb::MapType::KeyType(type), use));
  key.nullable = false;
  ASSIGN_OR_RETURN(auto value, Member("value", duckdb::MapType::ValueType(type), use));
  map.children.push_back(std::move(key));
  map.children.push_back(std::move(value));
  return map;
}

Result<Type> ConvertStruct(const LogicalType& type, Use use) {
  Type out = OfKind(TypeKind::kStruct);
  bool unnamed = duckdb::StructType::IsUnnamed(type);
  if (unnamed && use == Use::kColumn) return CannotStore(type, ": its fields need names");
  for (const auto& [name, child] : duckdb::StructType::GetChildTypes(type)) {
    std::string shown = unnamed ? std::to_string(out.children.size() + 1) : name;
    ASSIGN_OR_RETURN(auto field, Member(shown, child, use));
    out.children.push_back(std::move(field));
  }
  return out;
}

Result<Type> ConvertUnion(const LogicalType& type, Use use) {
  Type out = OfKind(TypeKind::kUnion);
  for (duckdb::idx_t i = 0; i < duckdb::UnionType::GetMemberCount(type); ++i) {
    ASSIGN_OR_RETURN(auto field, Member(duckdb::UnionType::GetMemberName(type, i),
                                        duckdb::UnionType::GetMemberType(type, i), use));
    out.children.push_back(std::move(field));
  }
  return out;
}

Type ConvertEnum(const LogicalType& type) {
  Type out = OfKind(TypeKind::kEnum);
  for (duckdb::idx_t i = 0; i < duckdb::EnumType::GetSize(type); ++i) {
    out.enum_values.push_back(duckdb::EnumType::GetString(type, i).GetString());
  }
  return out;
}

Result<Type> ConvertString(const LogicalType& type, Use use) {
  if (use == Use::kColumn && !duckdb::StringType::GetCollation(type).empty()) {
    return CannotStore(type, ": name the collation where values are compared");
  }
  return OfKind(TypeKind::kString);
}

Result<Type> Convert(const LogicalType& type, Use use) {
  if (type.IsJSONType()) return OfKind(TypeKind::kJson);
  if (type.HasAlias() && use == Use::kColumn) return CannotStore(type, ": it is a user's type");
  switch (type.id()) {
    case LogicalTypeId::VARCHAR: return ConvertString(type, use);
    case LogicalTypeId::DECIMAL:
      return DecimalOf(duckdb::DecimalType::GetWidth(type), duckdb::DecimalType::GetScale(type));
    case LogicalTypeId::ENUM: return ConvertEnum(type);
    case LogicalTypeId::LIST:
      return Elements(OfKind(TypeKind::kList), duckdb::ListType::GetChildType(type), use);
    case LogicalTypeId::ARRAY: {
      Type array = OfKind(TypeKind::kArray);
      array.array_size = static_cast<uint32_t>(duckdb::ArrayType::GetSize(type));
      return Elements(std::move(array), duckdb::ArrayType::GetChildType(type), use);
    }
    case LogicalTypeId::MAP: return ConvertMap(type, use);
    case LogicalTypeId::STRUCT: return ConvertStruct(type, use);
    case LogicalTypeId::UNION: return ConvertUnion(type, use);
    case LogicalTypeId::SQLNULL:
      if (use == Use::kResult) return OfKind(TypeKind::kInt32);
      return CannotStore(type, ": give its values a type");
    default: break;
  }
  auto kind = PlainKind(type.id());
  if (!kind) return CannotStore(type, "");
  return OfKind(*kind);
}

}  // namespace

Type OfKind(TypeKind kind) {
  Type type;
  type.kind = kind;
  return type;
}

Type DecimalOf(uint8_t precision, uint8_t scale) {
  Type type = OfKind(TypeKind::kDecimal);
  type.precision = precision;
  type.scale = scale;
  return type;
}

LogicalType ToLogicalType(const Type& type) {
  switch (type.kind) {
    case TypeKind::kDecimal: return LogicalType::DECIMAL(type.precision, type.scale);
    case TypeKind::kEnum: return EnumOf(type.enum_values);
    case TypeKind::kList: return LogicalType::LIST(ToLogicalType(type.children[0].type));
    case TypeKind::kArray:
      return LogicalType::ARRAY(ToLogicalType(type.children[0].type), type.array_size);
    case TypeKind::kMap:
      return LogicalType::MAP(ToLogicalType(type.children[0].type),
                              ToLogicalType(type.children[1].type));
    case TypeKind::kStruct: return LogicalType::STRUCT(Members(type));
    case TypeKind::kUnion: return LogicalType::UNION(Members(type));
    case TypeKind::kJson: return LogicalType::JSON();
    default: break;
  }
  auto id = PlainId(type.kind);
  CHECK(id != LogicalTypeId::INVALID);
  return LogicalType(id);
}

Result<Type> FromLogicalType(const LogicalType& type) { return Convert(type, Use::kColumn); }

Result<Type> FromResultType(const LogicalType& type) { return Convert(type, Use::kResult); }

bool IsBitString(std::string_view bytes) {
  if (bytes.size() < 2) return false;
  auto padding = static_cast<uint8_t>(bytes[0]);
  auto first = static_cast<uint8_t>(bytes[1]);
  return padding < 8 && (first >> (8 - padding)) == (0xff >> (8 - padding));
}

duckdb::vector<LogicalType> ToLogicalTypes(const model::Schema& schema) {
  duckdb::vector<LogicalType> types;
  for (const auto& field : schema.fields) types.push_back(ToLogicalType(field.type));
  return types;
}

duckdb::vector<std::string> ColumnNames(const model::Schema& schema) {
  duckdb::vector<std::string> names;
  for (const auto& field : schema.fields) names.push_back(field.name);
  return names;
}

}  // namespace rhizo::engine
