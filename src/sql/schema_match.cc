#include "sql/schema_match.h"

#include <algorithm>

#include "base/name.h"
#include "engine/arrow_in.h"
#include "model/common_type.h"
#include "sql/exact_cast.h"
#include "table/refit_default.h"

namespace rhizo::sql {
namespace {

std::vector<std::string> Names(const model::Schema& schema) {
  std::vector<std::string> names;
  for (const auto& field : schema.fields) names.push_back(field.name);
  return names;
}

Error UnknownColumns(const std::vector<std::string>& unknown, const model::Schema& table) {
  std::string message =
      unknown.size() == 1 ? "the table has no column " : "the table has no columns ";
  for (size_t i = 0; i < unknown.size(); ++i) {
    if (i > 0) message += ", ";
    message += "\"" + unknown[i] + "\"";
    std::string nearest = NearestName(unknown[i], Names(table));
    if (!nearest.empty()) message += " (did you mean \"" + nearest + "\"?)";
  }
  message += "; schema=\"evolve\" adds columns";
  return Error(ErrorCode::kSchema, std::move(message)).With("column", unknown[0]);
}

Error TwoFor(const model::Field& column, const std::string& first, const std::string& second) {
  return Error(ErrorCode::kSchema, "both \"" + first + "\" and \"" + second +
                                       "\" are the table's column \"" + column.name + "\"")
      .With("column", column.name);
}

Error CannotMeet(const model::Field& incoming, const model::Field& column) {
  return Error(ErrorCode::kSchema, "column \"" + column.name + "\" is " + column.type.ToString() +
                                       ", the data is " + incoming.type.ToString() +
                                       ": there is no exact cast between them")
      .With("column", column.name)
      .With("expected", column.type.ToString())
      .With("actual", incoming.type.ToString());
}

Status Put(const model::Schema& incoming, size_t index, const model::Schema& table, int column,
           ColumnMatch* match) {
  auto& slot = (*match)[column];
  const auto& field = incoming.fields[index];
  if (slot) return TwoFor(table.fields[column], incoming.fields[*slot].name, field.name);
  if (!IsNullColumn(field) && !MayCastExactly(field.type, table.fields[column].type)) {
    return CannotMeet(field, table.fields[column]);
  }
  slot = index;
  return {};
}

model::Field NewColumn(const model::Field& incoming) {
  model::Field field = incoming;
  field.id = 0;
  field.nullable = true;
  return field;
}

Result<model::Type> WidenedType(const model::Field& column, const model::Field& incoming) {
  if (IsNullColumn(incoming)) return column.type;
  auto common = CommonType(column.type, incoming.type);
  if (!common) return CannotMeet(incoming, column);
  return *std::move(common);
}

}  // namespace

bool IsNullColumn(const model::Field& field) {
  return field.attributes.contains(engine::kArrowNull);
}

Result<ColumnMatch> MatchColumns(const model::Schema& incoming, const model::Schema& table) {
  ColumnMatch match(table.fields.size());
  std::vector<std::string> unknown;
  for (size_t i = 0; i < incoming.fields.size(); ++i) {
    int column = table.Find(incoming.fields[i].name);
    if (column < 0) {
      unknown.push_back(incoming.fields[i].name);
      continue;
    }
    RETURN_IF_ERROR(Put(incoming, i, table, column, &match));
  }
  if (!unknown.empty()) return UnknownColumns(unknown, table);
  return match;
}

Result<model::Schema> EvolveSchema(const model::Schema& old, const model::Schema& incoming) {
  model::Schema evolved = old;
  for (const auto& field : incoming.fields) {
    int column = old.Find(field.name);
    if (column < 0) {
      evolved.fields.push_back(NewColumn(field));
      continue;
    }
    ASSIGN_OR_RETURN(auto type, WidenedType(old.fields[column], field));
    RETURN_IF_ERROR(table::BecomeType(&evolved.fields[column], std::move(type)));
  }
  evolved.attributes.insert(incoming.attributes.begin(), incoming.attributes.end());
  return evolved;
}

}  // namespace rhizo::sql
