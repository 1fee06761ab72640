#include "table/refit_default.h"

#include <utility>

#include "engine/errors.h"
#include "table/conform.h"
#include "table/single_value.h"

namespace rhizo::table {

Result<std::optional<std::string>> RefitDefault(duckdb::ClientContext* client,
                                                const model::Type& from, const model::Type& to,
                                                const std::optional<std::string>& bytes) {
  if (!bytes || from == to) return bytes;
  ASSIGN_OR_RETURN(auto value, DecodeValue(from, *bytes));
  return engine::Guarded([&] {
    duckdb::Vector one(value);
    one.Flatten(1);
    auto now = Conform(client, from, to, one, 1);
    return EncodeDefault(to, now.GetValue(0));
  });
}

Status BecomeType(model::Field* field, model::Type type) {
  for (auto* value : {&field->first_default, &field->write_default}) {
    ASSIGN_OR_RETURN(*value, RefitDefault(nullptr, field->type, type, *value));
  }
  field->type = std::move(type);
  return {};
}

}  // namespace rhizo::table
