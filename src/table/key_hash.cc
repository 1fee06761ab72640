#include "table/key_hash.h"

#include <functional>
#include <span>
#include <string>

#include "engine/errors.h"
#include "engine/types.h"
#include "table/key_set.h"

namespace rhizo::table {

namespace {

Result<duckdb::Value> ValueOf(const KeyPart& part, const model::Schema& schema, RowBatch& rows,
                              uint64_t row) {
  const auto* field = schema.FindId(part.field);
  if (field == nullptr) return part.first_default;
  duckdb::Vector value(engine::ToLogicalType(field->type), 1);
  auto number = static_cast<size_t>(field - schema.fields.data());
  RETURN_IF_ERROR(rows.Gather(number, std::span(&row, 1), &value));
  NormaliseKey(&value, 1);
  auto as_it_is = value.GetValue(0);
  duckdb::Value as_compared;
  std::string error;
  bool fits = as_it_is.DefaultTryCastAs(part.type, as_compared, &error);
  return fits ? as_compared : as_it_is;
}

}  // namespace

Result<uint64_t> KeyHash(const KeyForm& key, const model::Schema& schema, RowBatch& rows,
                         uint64_t row) {
  std::string text;
  RETURN_IF_ERROR(engine::Guarded([&]() -> Status {
    for (const auto& part : key) {
      ASSIGN_OR_RETURN(auto value, ValueOf(part, schema, rows, row));
      auto shown = value.ToString();
      text += std::to_string(shown.size()) + ":" + shown;
    }
    return {};
  }));
  return std::hash<std::string>()(text);
}

}  // namespace rhizo::table
