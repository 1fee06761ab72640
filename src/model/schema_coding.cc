#include "model/schema_coding.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/check.h"
#include "model/id_coding.h"

namespace rhizo::model {
namespace {

// Flags of a field; defaults that are not there and the default rule take no bytes.
enum : uint8_t { kNullable = 1, kFirstDefault = 2, kWriteDefault = 4, kRule = 8, kAttributes = 16 };
constexpr uint8_t kAllFlags = 31;
constexpr std::string_view kDefaultRule = "conflict";
constexpr size_t kMinFieldBytes = 4;

uint8_t FlagsOf(const Field& field) {
  return (field.nullable ? kNullable : 0) | (field.first_default ? kFirstDefault : 0) |
         (field.write_default ? kWriteDefault : 0) |
         (field.merge_rule != kDefaultRule ? kRule : 0) |
         (field.attributes.empty() ? 0 : kAttributes);
}

Type ReadType(Decoder& decoder, int depth);

Field ReadField(Decoder& decoder, int depth) {
  Field field;
  field.id = ReadFieldId(decoder);
  field.name = decoder.String();
  uint8_t flags = decoder.U8();
  if (flags > kAllFlags) decoder.Fail();
  field.type = ReadType(decoder, depth);
  field.nullable = flags & kNullable;
  if (flags & kFirstDefault) field.first_default = std::string(decoder.String());
  if (flags & kWriteDefault) field.write_default = std::string(decoder.String());
  if (flags & kRule) field.merge_rule = decoder.String();
  if (flags & kRule && field.merge_rule == kDefaultRule) decoder.Fail();
  if (flags & kAttributes) field.attributes = ReadAttributes(decoder);
  if (flags & kAttributes && field.attributes.empty()) decoder.Fail();
  return field;
}

std::vector<Field> ReadFields(Decoder& decoder, int depth) {
  std::vector<Field> fields;
  uint64_t count = decoder.Count(kMinFieldBytes);
  for (uint64_t i = 0; i < count && !decoder.failed(); ++i) {
    fields.push_back(ReadField(decoder, depth));
  }
  return fields;
}

std::vector<std::string> ReadEnumValues(Decoder& decoder) {
  std::vector<std::string> values;
  uint64_t count = decoder.Count();
  for (uint64_t i = 0; i < count && !decoder.failed(); ++i) values.emplace_back(decoder.String());
  return values;
}

Type ReadType(Decoder& decoder, int depth) {
  Type type;
  type.kind = static_cast<TypeKind>(decoder.U8());
  if (!IsKnown(type.kind) || depth > kMaxTypeDepth) decoder.Fail();
  if (decoder.failed()) return type;
  if (type.kind == TypeKind::kDecimal) {
    type.precision = decoder.U8();
    type.scale = decoder.U8();
  }
  if (type.kind == TypeKind::kArray) {
    uint64_t size = decoder.Varint();
    if (size > UINT32_MAX) decoder.Fail();
    type.array_size = static_cast<uint32_t>(size);
  }
  if (type.kind == TypeKind::kEnum) type.enum_values = ReadEnumValues(decoder);
  if (type.IsNested()) type.children = ReadFields(decoder, depth + 1);
  return type;
}

bool IsAssigned(const Field& field) {
  return field.id > 0 && std::all_of(field.type.children.begin(), field.type.children.end(),
                                     [](const Field& child) { return IsAssigned(child); });
}

bool HasDistinctIds(const Schema& schema) {
  std::vector<FieldId> ids;
  CollectIds(schema.fields, &ids);
  std::sort(ids.begin(), ids.end());
  return std::adjacent_find(ids.begin(), ids.end()) == ids.end();
}

template <class X>
std::string EncodeAlone(const X& value) {
  Encoder encoder;
  Write(encoder, value);
  return std::move(encoder).Take();
}

}  // namespace

void Write(Encoder& encoder, const Attributes& attributes) {
  encoder.Varint(attributes.size());
  for (const auto& [key, value] : attributes) {
    encoder.String(key);
    encoder.String(value);
  }
}

Attributes ReadAttributes(Decoder& decoder) {
  Attributes attributes;
  uint64_t count = decoder.Count(2);
  for (uint64_t i = 0; i < count && !decoder.failed(); ++i) {
    std::string key(decoder.String());
    std::string value(decoder.String());
    if (!attributes.empty() && key <= attributes.rbegin()->first) decoder.Fail();
    attributes.emplace_hint(attributes.end(), std::move(key), std::move(value));
  }
  return attributes;
}

void Write(Encoder& encoder, const Type& type) {
  encoder.U8(static_cast<uint8_t>(type.kind));
  if (type.kind == TypeKind::kDecimal) {
    encoder.U8(type.precision);
    encoder.U8(type.scale);
  }
  if (type.kind == TypeKind::kArray) encoder.Varint(type.array_size);
  if (type.kind == TypeKind::kEnum) {
    encoder.Varint(type.enum_values.size());
    for (const auto& value : type.enum_values) encoder.String(value);
  }
  if (!type.IsNested()) return;
  encoder.Varint(type.children.size());
  for (const auto& child : type.children) Write(encoder, child);
}

void Write(Encoder& encoder, const Field& field) {
  CHECK(field.id >= 0);
  encoder.Varint(static_cast<uint64_t>(field.id));
  encoder.String(field.name);
  encoder.U8(FlagsOf(field));
  Write(encoder, field.type);
  if (field.first_default) encoder.String(*field.first_default);
  if (field.write_default) encoder.String(*field.write_default);
  if (field.merge_rule != kDefaultRule) encoder.String(field.merge_rule);
  if (!field.attributes.empty()) Write(encoder, field.attributes);
}

void Write(Encoder& encoder, const Schema& schema) {
  encoder.Varint(schema.fields.size());
  for (const auto& field : schema.fields) Write(encoder, field);
  Write(encoder, schema.attributes);
}

Type ReadType(Decoder& decoder) {
  Type type = ReadType(decoder, 1);
  if (!decoder.failed() && !ValidateType(type)) decoder.Fail();
  return type;
}

Field ReadField(Decoder& decoder) {
  Field field = ReadField(decoder, 1);
  if (!decoder.failed() && !ValidateType(field.type)) decoder.Fail();
  return field;
}

Schema ReadSchema(Decoder& decoder) {
  Schema schema;
  schema.fields = ReadFields(decoder, 1);
  schema.attributes = ReadAttributes(decoder);
  if (!decoder.failed() && !IsStorable(schema)) decoder.Fail();
  return schema;
}

void CollectIds(const std::vector<Field>& fields, std::vector<FieldId>* ids) {
  for (const auto& field : fields) {
    ids->push_back(field.id);
    CollectIds(field.type.children, ids);
  }
}

bool IsStorable(const Schema& schema) {
  return std::all_of(schema.fields.begin(), schema.fields.end(), IsAssigned) &&
         HasDistinctIds(schema) && ValidateSchema(schema);
}

std::string Encode(const Type& type) { return EncodeAlone(type); }
std::string Encode(const Field& field) { return EncodeAlone(field); }
std::string Encode(const Schema& schema) { return EncodeAlone(schema); }

Result<Type> DecodeType(std::string_view bytes) {
  Decoder decoder(bytes);
  Type type = ReadType(decoder);
  RETURN_IF_ERROR(decoder.Finish("a type"));
  return type;
}

Result<Field> DecodeField(std::string_view bytes) {
  Decoder decoder(bytes);
  Field field = ReadField(decoder);
  RETURN_IF_ERROR(decoder.Finish("a field"));
  return field;
}

Result<Schema> DecodeSchema(std::string_view bytes) {
  Decoder decoder(bytes);
  Schema schema = ReadSchema(decoder);
  RETURN_IF_ERROR(decoder.Finish("a schema"));
  return schema;
}

}  // namespace rhizo::model
