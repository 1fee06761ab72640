// The merge rules and policies of a table as its users set them. Stateless.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/table_state.h"

namespace rhizo::merge {

struct RuleSettings {
  std::vector<std::pair<std::string, std::string>> columns;  // column -> rule, as users write it
  std::optional<bool> row_is_unit;  // any two changes of one row contradict each other
  std::optional<bool> delete_wins;  // a delete beats a concurrent change of the row
};

// All or nothing. kSchema naming an unknown column, or one that the rule does not fit, with the
// reason; kInvalidArgument naming the rules there are.
Status SetRules(model::TableState* state, const RuleSettings& settings);

// Whether the rules of all columns still fit after the columns changed. kSchema with the reason.
Status CheckRules(const model::Schema& schema);

// Columns of a key have no rule: they never change. kSchema naming one that has.
Status CheckKeyRules(const model::TableState& state);

// A column's rule as users write it. kCorruption for what is none.
Result<std::string> RuleText(const model::Schema& schema, const model::Field& field);

}  // namespace rhizo::merge
