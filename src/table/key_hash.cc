#include "table/key_hash.h"

#include <functional>
#include <span>
#include <string>

#include "engine/errors.h"
#include "engine/types.h"
#include "table/key_set.h"

namespace rhizo::table {

Result<uint64_t> KeyHash(const model::Schema& schema, const std::vector<FieldId>& key,
                         RowBatch& rows, uint64_t row) {
  std::string text;
  for (FieldId id : key) {
    const auto* field = schema.FindId(id);
    if (field == nullptr) continue;
    RETURN_IF_ERROR(engine::Guarded([&]() -> Status {
      duckdb::Vector value(engine::ToLogicalType(field->type), 1);
      auto number = static_cast<size_t>(field - schema.fields.data());
      RETURN_IF_ERROR(rows.Gather(number, std::span(&row, 1), &value));
      NormaliseKey(&value, 1);
      auto part = value.GetValue(0).ToString();
      text += std::to_string(part.size()) + ":" + part;
      return {};
    }));
  }
  return std::hash<std::string>()(text);
}

}  // namespace rhizo::table
