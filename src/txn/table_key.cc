#include "txn/table_key.h"

#include <algorithm>

#include "model/unknown_column.h"
#include "table/key_set.h"

namespace rhizo::txn {
namespace {

Result<std::vector<FieldId>> KeyFields(const model::Schema& schema,
                                       const std::vector<std::string>& key) {
  std::vector<FieldId> fields;
  for (const auto& name : key) {
    int index = schema.Find(name);
    if (index < 0) return model::UnknownColumn(schema, name, "key: ");
    fields.push_back(schema.fields[static_cast<size_t>(index)].id);
  }
  RETURN_IF_ERROR(table::CheckKeyFields(schema, fields));
  return fields;
}

}  // namespace

Status TakeKey(model::TableState* state, const std::vector<std::string>& key) {
  ASSIGN_OR_RETURN(state->key, KeyFields(state->schema, key));
  for (auto& field : state->schema.fields) {
    bool is_key = std::find(state->key.begin(), state->key.end(), field.id) != state->key.end();
    if (is_key) field.nullable = false;
  }
  return {};
}

Status CheckSameKey(const model::TableState& state, const std::vector<std::string>& key) {
  ASSIGN_OR_RETURN(auto fields, KeyFields(state.schema, key));
  if (fields == state.key) return {};
  return InvalidArgument("write: the table has another key already; set_key changes it");
}

bool SameKeyTypes(const model::Schema& before, const model::TableState& state) {
  return std::all_of(state.key.begin(), state.key.end(), [&](FieldId id) {
    return before.FindId(id) != nullptr && before.FindId(id)->type == state.schema.FindId(id)->type;
  });
}

}  // namespace rhizo::txn
