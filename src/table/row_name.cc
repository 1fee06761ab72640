#include "table/row_name.h"

#include <span>

#include "engine/errors.h"
#include "engine/types.h"

namespace rhizo::table {

Result<std::string> RowName(const model::Schema& schema, const std::vector<FieldId>& key,
                            OldRows* rows, uint64_t row) {
  std::string name;
  for (FieldId id : key) {
    const auto* field = schema.FindId(id);
    RETURN_IF_ERROR(engine::Guarded([&]() -> Status {
      duckdb::Vector value(engine::ToLogicalType(field->type), 1);
      auto number = static_cast<size_t>(field - schema.fields.data());
      RETURN_IF_ERROR(rows->Gather(number, std::span(&row, 1), &value));
      name += (name.empty() ? "the row with " : ", ") + field->name + " = " +
              value.GetValue(0).ToSQLString();
      return {};
    }));
  }
  return name;
}

}  // namespace rhizo::table
