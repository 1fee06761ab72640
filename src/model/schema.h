// A table's schema: fields with ids that are never used again in that table. Regular value types.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/type.h"

namespace rhizo::model {

// Extra facts that do not change what values mean to us: Arrow time zone, dictionary flag,
// extension name, the pandas index of a schema. Keys sorted.
using Attributes = std::map<std::string, std::string>;

// The analyzer loses what a std::variant holds when a Result is moved from.
struct Field {     // NOLINT(clang-analyzer-core.uninitialized.Assign)
  FieldId id = 0;  // positive once assigned; 0 while a schema is being proposed
  std::string name;
  Type type;
  bool nullable = true;
  // Canonical value bytes (docs/format/values.md). First default: what rows older than the field
  // hold; write default: what new rows get when the field is not given. Nothing means NULL.
  std::optional<std::string> first_default;
  std::optional<std::string> write_default;
  std::string merge_rule = "conflict";
  Attributes attributes;
  friend bool operator==(const Field&, const Field&) = default;
};

struct Schema {
  std::vector<Field> fields;
  Attributes attributes;

  // Index of the column called `name`: exactly, else the only one that differs in case. -1 if none.
  int Find(std::string_view name) const;
  const Field* FindId(FieldId id) const;
  friend bool operator==(const Schema&, const Schema&) = default;
};

// Levels of nesting a type may have; a type without children has one.
inline constexpr int kMaxTypeDepth = 64;

// Parameters in range and only where the kind has them, children as the kind wants them, depth at
// most kMaxTypeDepth. kSchema (or kInvalidName) naming the type.
Status ValidateType(const Type& type);

// Names valid and distinct also after case folding, types well formed, at least one column, depth
// at most 64. kSchema (or kInvalidName) naming the column.
Status ValidateSchema(const Schema& schema);

// Gives ids to all fields (also nested) of `schema` that have none: 31 bits of BLAKE3(table id,
// path, type, n) with n the first that neither `used` nor this schema holds; adds them to `used`
// (sorted).
void AssignFieldIds(const TableId& table, Schema* schema, std::vector<FieldId>* used);

// Same columns, types and nullability in the same order, whatever the ids and attributes.
bool SameShape(const Schema& a, const Schema& b);

}  // namespace rhizo::model
