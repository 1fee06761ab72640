// How types, fields and schemas are stored, alone and inside other objects (docs/format/schema.md).
// Decoding takes hostile bytes: depth at most kMaxTypeDepth, memory bounded by the input.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/coding.h"
#include "base/result.h"
#include "model/schema.h"

namespace rhizo::model {

std::string Encode(const Type& type);
Result<Type> DecodeType(std::string_view bytes);
std::string Encode(const Field& field);
Result<Field> DecodeField(std::string_view bytes);
std::string Encode(const Schema& schema);
// Also checks IsStorable.
Result<Schema> DecodeSchema(std::string_view bytes);

// Adds the ids of fields and of those inside them.
void CollectIds(const std::vector<Field>& fields, std::vector<FieldId>* ids);

// Whether a table may have this schema: ValidateSchema's rules, and all field ids, nested ones too,
// are assigned and distinct.
bool IsStorable(const Schema& schema);

void Write(Encoder& encoder, const Type& type);
void Write(Encoder& encoder, const Field& field);
void Write(Encoder& encoder, const Schema& schema);
void Write(Encoder& encoder, const Attributes& attributes);
Type ReadType(Decoder& decoder);
Field ReadField(Decoder& decoder);
Schema ReadSchema(Decoder& decoder);
Attributes ReadAttributes(Decoder& decoder);

}  // namespace rhizo::model
