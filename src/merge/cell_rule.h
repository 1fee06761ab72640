// What two changes of one cell make together, by the rule of the cell's field (docs/merge.md).
// Pure functions of values in their type's engine form; two values are the same only if all their
// bits are. Regular value types.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "model/schema.h"
#include "model/type.h"

namespace rhizo::merge {

enum class RuleKind { kConflict, kAdd, kMultiply, kMax, kMin, kUnion, kIntersect, kLatest };

struct MergeRule {
  RuleKind kind = RuleKind::kConflict;
  FieldId by = 0;  // of kLatest: the field whose greater value wins
  friend bool operator==(const MergeRule&, const MergeRule&) = default;
};

// As schemas store it (model::Field::merge_rule): "conflict", "add", ..., "latest(<field id>)".
// kCorruption for anything else.
Result<MergeRule> ParseRule(std::string_view stored);
std::string ToString(const MergeRule& rule);

// As users write it: "latest(<column>)", all others as above. The fields of `schema` have their
// ids. kInvalidArgument naming the rules there are, kSchema naming a column that is not in
// `schema`.
Result<MergeRule> ResolveRule(const model::Schema& schema, std::string_view text);

// Whether `rule` may stand on `field` of `schema`, whose other fields have their rules already.
// kSchema with the reason.
Status CheckRule(const model::Schema& schema, const model::Field& field, const MergeRule& rule);

// What stood in the cell before both sides touched it.
enum class BaseKind {
  kValue,      // `base`
  kAbsent,     // nothing: equal keys inserted under different row ids
  kSameRow,    // nothing: one row id inserted on both sides
  kUndefined,  // a virtual base contradicts itself here
};

// The merged value of a cell that both sides changed (of kValue: ours and theirs differ from base,
// perhaps in the same way). Nothing: a conflict. Not of kLatest.
std::optional<duckdb::Value> Decide(const MergeRule& rule, const model::Type& type,
                                    BaseKind base_kind, const duckdb::Value& base,
                                    const duckdb::Value& ours, const duckdb::Value& theirs);

// Of kLatest: a side's cell and, of the same row, its value of the field `by`.
struct DatedCell {
  const duckdb::Value& by;
  const duckdb::Value& value;
};
enum class Winner { kOurs, kTheirs };
// The side whose (by, value) is the greater, NULL being the least; nothing if they are the same.
std::optional<Winner> Latest(const model::Type& by_type, const model::Type& type,
                             const DatedCell& ours, const DatedCell& theirs);

// One total order for all types: negative, 0 (the same), positive. As the engine sorts, NULL after
// all values, NaN after all floats; what the engine takes for equal is ordered too: -0.0 < 0.0,
// NaNs by bits, intervals by canonical bytes. Nested values item by item.
int Order(const model::Type& type, const duckdb::Value& a, const duckdb::Value& b);

// The set that `list` holds: its items in order, each once. NULL stays NULL.
duckdb::Value Canonical(const model::Type& list_type, const duckdb::Value& list);

}  // namespace rhizo::merge
