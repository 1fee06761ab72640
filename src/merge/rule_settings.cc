#include "merge/rule_settings.h"

#include <algorithm>

#include "merge/cell_rule.h"
#include "model/unknown_column.h"

namespace rhizo::merge {
namespace {

bool IsKey(const model::TableState& state, const model::Field& field) {
  return std::find(state.key.begin(), state.key.end(), field.id) != state.key.end();
}

Error IsPartOfKey(const model::Field& field) {
  return Error(ErrorCode::kSchema, "column \"" + field.name +
                                       "\" is part of the key, which never changes: no merge rule "
                                       "could ever decide it")
      .With("column", field.name);
}

// The column that `field`'s rule goes by is no more.
Error GoesByNothing(const model::Field& field) {
  return Error(ErrorCode::kSchema,
               "column \"" + field.name +
                   "\" has the merge rule latest, and the column it goes by would be gone; "
                   "set_merge_rules can change the rule first")
      .With("column", field.name);
}

}  // namespace

Status SetRules(model::TableState* state, const RuleSettings& settings) {
  auto schema = state->schema;
  for (const auto& [column, text] : settings.columns) {
    int index = schema.Find(column);
    if (index < 0) return model::UnknownColumn(schema, column);
    auto& field = schema.fields[static_cast<size_t>(index)];
    ASSIGN_OR_RETURN(auto rule, ResolveRule(schema, text));
    if (rule.kind != RuleKind::kConflict && IsKey(*state, field)) return IsPartOfKey(field);
    field.merge_rule = ToString(rule);
  }
  RETURN_IF_ERROR(CheckRules(schema));
  state->schema = std::move(schema);
  state->merge_row = settings.row_is_unit.value_or(state->merge_row);
  state->delete_wins = settings.delete_wins.value_or(state->delete_wins);
  return {};
}

Status CheckKeyRules(const model::TableState& state) {
  for (const auto& field : state.schema.fields) {
    if (field.merge_rule != "conflict" && IsKey(state, field)) return IsPartOfKey(field);
  }
  return {};
}

Status CheckRules(const model::Schema& schema) {
  for (const auto& field : schema.fields) {
    ASSIGN_OR_RETURN(auto rule, ParseRule(field.merge_rule));
    bool goes_by_nothing = rule.kind == RuleKind::kLatest && schema.FindId(rule.by) == nullptr;
    if (goes_by_nothing) return GoesByNothing(field);
    RETURN_IF_ERROR(CheckRule(schema, field, rule));
  }
  return {};
}

Result<std::string> RuleText(const model::Schema& schema, const model::Field& field) {
  ASSIGN_OR_RETURN(auto rule, ParseRule(field.merge_rule));
  const auto* by = rule.kind == RuleKind::kLatest ? schema.FindId(rule.by) : nullptr;
  return by == nullptr ? ToString(rule) : "latest(" + by->name + ")";
}

}  // namespace rhizo::merge
