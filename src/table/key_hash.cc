#include "table/key_hash.h"

#include <functional>
#include <span>
#include <string>

#include "engine/errors.h"
#include "engine/types.h"
#include "table/key_set.h"

namespace rhizo::table {

Result<uint64_t> KeyHash(const KeyForm& key, const model::Schema& schema, RowBatch& rows,
                         uint64_t row) {
  std::string text;
  for (size_t i = 0; i < key.fields.size(); ++i) {
    const auto* field = schema.FindId(key.fields[i]);
    if (field == nullptr) continue;
    RETURN_IF_ERROR(engine::Guarded([&]() -> Status {
      duckdb::Vector value(engine::ToLogicalType(field->type), 1);
      auto number = static_cast<size_t>(field - schema.fields.data());
      RETURN_IF_ERROR(rows.Gather(number, std::span(&row, 1), &value));
      NormaliseKey(&value, 1);
      auto as_it_is = value.GetValue(0);
      duckdb::Value as_compared;
      std::string error;
      bool fits = as_it_is.DefaultTryCastAs(key.types[i], as_compared, &error);
      auto part = (fits ? as_compared : as_it_is).ToString();
      text += std::to_string(part.size()) + ":" + part;
      return {};
    }));
  }
  return std::hash<std::string>()(text);
}

}  // namespace rhizo::table
