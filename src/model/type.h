// Column types, as stored. A closed set that covers every type of the engine (docs/format/types.md
// says which are native, carried or refused); nested types hold fields, so every level has a field
// id. Regular value types.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/id.h"

namespace rhizo::model {

// The numbers are stored: append, never renumber.
enum class TypeKind : uint8_t {
  kBoolean = 1,
  kInt8 = 2,
  kInt16 = 3,
  kInt32 = 4,
  kInt64 = 5,
  kInt128 = 6,
  kUInt8 = 7,
  kUInt16 = 8,
  kUInt32 = 9,
  kUInt64 = 10,
  kUInt128 = 11,
  kFloat32 = 12,
  kFloat64 = 13,
  kDecimal = 14,  // precision, scale
  kString = 15,   // UTF-8, not normalised
  kBlob = 16,
  kBit = 17,
  kUuid = 18,
  kDate = 19,  // int32 days
  kTime = 20,  // int64 microseconds
  kTimeNs = 21,
  kTimeTz = 22,  // the engine's packed 64 bits
  kTimestampS = 23,
  kTimestampMs = 24,
  kTimestampUs = 25,
  kTimestampNs = 26,
  kTimestampTz = 27,  // microseconds UTC
  kInterval = 28,     // int32 months, int32 days, int64 microseconds
  kEnum = 29,         // enum_values
  kList = 30,         // one child "element"
  kArray = 31,        // one child "element", array_size
  kStruct = 32,       // one child per member
  kMap = 33,          // children "key", "value"
  kUnion = 34,        // one child per member
  kJson = 35,         // a string known to be JSON
};

// Whether `kind` is one of the above.
bool IsKnown(TypeKind kind);

struct Field;

struct Type {  // NOLINT(clang-analyzer-core.uninitialized.Assign): as model/schema.h says
  TypeKind kind = TypeKind::kInt64;
  uint8_t precision = 0;                 // kDecimal: 1..38
  uint8_t scale = 0;                     // kDecimal: 0..precision
  uint32_t array_size = 0;               // kArray: at least 1
  std::vector<std::string> enum_values;  // kEnum: distinct, in order
  std::vector<Field> children;

  bool IsNested() const { return kind >= TypeKind::kList && kind <= TypeKind::kUnion; }
  // "DECIMAL(10,2)", "STRUCT(a INTEGER, b VARCHAR[])": the engine's spelling.
  std::string ToString() const;
  friend bool operator==(const Type& a, const Type& b);
};

}  // namespace rhizo::model

#include "model/schema.h"
