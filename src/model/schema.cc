#include "model/schema.h"

#include <algorithm>
#include <functional>
#include <set>
#include <utility>

#include "base/blake3.h"
#include "base/check.h"
#include "base/coding.h"
#include "base/name.h"
#include "model/schema_coding.h"

namespace rhizo::model {
namespace {

// Ids above are Iceberg's, for its metadata columns.
constexpr FieldId kGreatestFieldId = INT32_MAX - 200;
constexpr uint8_t kMaxPrecision = 38;

Error BadType(const Type& type, std::string_view why) {
  return Error(ErrorCode::kSchema,
               "type " + type.ToString().substr(0, 200) + " cannot be stored: " + std::string(why));
}

// ---- validation

bool HasOnlyItsParameters(const Type& type) {
  bool decimal = type.kind == TypeKind::kDecimal;
  return (decimal || (type.precision == 0 && type.scale == 0)) &&
         (type.kind == TypeKind::kArray || type.array_size == 0) &&
         (type.kind == TypeKind::kEnum || type.enum_values.empty()) &&
         (type.IsNested() || type.children.empty());
}

Status ValidateEnum(const Type& type) {
  std::vector<std::string_view> values(type.enum_values.begin(), type.enum_values.end());
  std::sort(values.begin(), values.end());
  auto twin = std::adjacent_find(values.begin(), values.end());
  if (twin == values.end()) return {};
  return BadType(type, "the value '" + std::string(*twin) + "' appears twice");
}

Status ValidateParameters(const Type& type) {
  if (!IsKnown(type.kind)) return BadType(type, "its kind is not known");
  if (!HasOnlyItsParameters(type)) return BadType(type, "it has parameters of another type");
  if (type.kind == TypeKind::kDecimal) {
    bool good =
        type.precision >= 1 && type.precision <= kMaxPrecision && type.scale <= type.precision;
    if (!good) return BadType(type, "precision must be 1 to 38 and scale at most the precision");
  }
  if (type.kind == TypeKind::kArray && type.array_size == 0) {
    return BadType(type, "its size must be at least 1");
  }
  return type.kind == TypeKind::kEnum ? ValidateEnum(type) : Status();
}

Status ValidateNames(const std::vector<Field>& fields) {
  std::set<std::string> folds;
  for (const auto& field : fields) {
    RETURN_IF_ERROR(ValidateColumnName(field.name));
    if (!folds.insert(FoldName(field.name)).second) {
      return Error(ErrorCode::kSchema, "two columns are called \"" + field.name +
                                           "\" (case and normalisation do not count)")
          .With("column", field.name);
    }
  }
  return {};
}

bool AreNamed(const std::vector<Field>& fields, std::initializer_list<std::string_view> names) {
  return std::equal(fields.begin(), fields.end(), names.begin(), names.end(),
                    [](const Field& field, std::string_view name) { return field.name == name; });
}

Status ValidateChildren(const Type& type) {
  switch (type.kind) {
    case TypeKind::kList:
    case TypeKind::kArray:
      if (AreNamed(type.children, {"element"})) return {};
      return BadType(type, "its child must be called \"element\"");
    case TypeKind::kMap:
      if (AreNamed(type.children, {"key", "value"})) return {};
      return BadType(type, "its children must be called \"key\" and \"value\"");
    case TypeKind::kStruct:
    case TypeKind::kUnion:
      if (type.children.empty()) return BadType(type, "it has no member");
      return ValidateNames(type.children);
    default: return {};
  }
}

Status ValidateType(const Type& type, int depth) {
  if (depth > kMaxTypeDepth) {
    return Error(ErrorCode::kSchema, "types may be nested " + std::to_string(kMaxTypeDepth) +
                                         " levels deep, this one goes deeper");
  }
  RETURN_IF_ERROR(ValidateParameters(type));
  RETURN_IF_ERROR(ValidateChildren(type));
  for (const auto& child : type.children) RETURN_IF_ERROR(ValidateType(child.type, depth + 1));
  return {};
}

// ---- field ids

// The type without ids and everything else that may change while it stays the same column.
Type ShapeOf(const Type& type) {
  Type shape = type;
  shape.children.clear();
  for (const auto& child : type.children) {
    Field plain;
    plain.name = child.name;
    plain.type = ShapeOf(child.type);
    shape.children.push_back(std::move(plain));
  }
  return shape;
}

FieldId Candidate(const TableId& table, const std::vector<std::string>& path, const Type& shape,
                  uint64_t n) {
  Encoder encoder;
  encoder.Raw(table.view());
  encoder.Varint(path.size());
  for (const auto& name : path) encoder.String(name);
  encoder.String(Encode(shape));
  encoder.U64(n);
  Hash256 hash = Blake3(encoder.bytes());
  uint32_t bits = 0;
  for (int i = 0; i < 4; ++i) bits |= uint32_t{hash.bytes[i]} << 8 * i;
  return static_cast<FieldId>(bits & INT32_MAX);
}

class IdAssigner {
 public:
  IdAssigner(const TableId& table, const std::vector<FieldId>& used)
      : table_(table), taken_(used.begin(), used.end()) {}

  void Take(const std::vector<Field>& fields) {
    for (const auto& field : fields) {
      if (field.id != 0) taken_.insert(field.id);
      Take(field.type.children);
    }
  }

  void Assign(std::vector<Field>* fields) {
    for (auto& field : *fields) {
      path_.push_back(field.name);
      if (field.id == 0) field.id = Draw(ShapeOf(field.type));
      Assign(&field.type.children);
      path_.pop_back();
    }
  }

  std::vector<FieldId> taken() const { return {taken_.begin(), taken_.end()}; }

 private:
  FieldId Draw(const Type& shape) {
    for (uint64_t n = 0;; ++n) {
      FieldId id = Candidate(table_, path_, shape, n);
      if (id > 0 && id <= kGreatestFieldId && taken_.insert(id).second) return id;
    }
  }

  const TableId table_;
  std::set<FieldId> taken_;
  std::vector<std::string> path_;
};

// ---- shape

bool SameShape(const std::vector<Field>& a, const std::vector<Field>& b);

bool SameShape(const Type& a, const Type& b) {
  return a.kind == b.kind && a.precision == b.precision && a.scale == b.scale &&
         a.array_size == b.array_size && a.enum_values == b.enum_values &&
         SameShape(a.children, b.children);
}

bool SameShape(const std::vector<Field>& a, const std::vector<Field>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Field& x, const Field& y) {
    return x.name == y.name && x.nullable == y.nullable && SameShape(x.type, y.type);
  });
}

}  // namespace

int Schema::Find(std::string_view name) const {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == name) return static_cast<int>(i);
  }
  std::string fold = FoldName(name);
  int found = -1;
  for (size_t i = 0; i < fields.size(); ++i) {
    if (FoldName(fields[i].name) != fold) continue;
    if (found >= 0) return -1;
    found = static_cast<int>(i);
  }
  return found;
}

const Field* Schema::FindId(FieldId id) const {
  for (const auto& field : fields) {
    if (field.id == id) return &field;
  }
  return nullptr;
}

Status ValidateType(const Type& type) { return ValidateType(type, 1); }

Status ValidateSchema(const Schema& schema) {
  if (schema.fields.empty()) return Error(ErrorCode::kSchema, "a table needs at least one column");
  RETURN_IF_ERROR(ValidateNames(schema.fields));
  for (const auto& field : schema.fields) {
    auto status = ValidateType(field.type);
    if (!status) {
      return std::move(status)
          .error()
          .In("column \"" + field.name + "\"")
          .With("column", field.name);
    }
  }
  return {};
}

void AssignFieldIds(const TableId& table, Schema* schema, std::vector<FieldId>* used) {
  IdAssigner assigner(table, *used);
  assigner.Take(schema->fields);
  assigner.Assign(&schema->fields);
  *used = assigner.taken();
}

bool SameShape(const Schema& a, const Schema& b) { return SameShape(a.fields, b.fields); }

}  // namespace rhizo::model
