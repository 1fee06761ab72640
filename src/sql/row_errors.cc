#include "sql/row_errors.h"

#include <string>

namespace rhizo::sql {
namespace {

std::optional<duckdb::idx_t> FirstThatIs(bool valid, duckdb::Vector& vector, duckdb::idx_t count) {
  duckdb::UnifiedVectorFormat format;
  vector.ToUnifiedFormat(count, format);
  if (!valid && format.validity.AllValid()) return std::nullopt;
  for (duckdb::idx_t i = 0; i < count; ++i) {
    if (format.validity.RowIsValid(format.sel->get_index(i)) == valid) return i;
  }
  return std::nullopt;
}

std::string Shown(const duckdb::Value& value) {
  constexpr size_t kMaxBytes = 80;
  std::string text = value.type().IsNumeric() ? value.ToString() : value.ToSQLString();
  if (text.size() <= kMaxBytes) return text;
  text.resize(kMaxBytes);
  text.append("...");
  return text;
}

}  // namespace

std::optional<duckdb::idx_t> FirstNull(duckdb::Vector& vector, duckdb::idx_t count) {
  return FirstThatIs(false, vector, count);
}

std::optional<duckdb::idx_t> FirstNotNull(duckdb::Vector& vector, duckdb::idx_t count) {
  return FirstThatIs(true, vector, count);
}

Error NullInRow(const model::Field& field, uint64_t row) {
  return Error(ErrorCode::kConstraint, "column \"" + field.name + "\" is NOT NULL, row " +
                                           std::to_string(row + 1) + " has no value for it")
      .With("column", field.name)
      .With("row", std::to_string(row + 1));
}

Error ValueDoesNotFit(const model::Field& field, const model::Type& type,
                      const duckdb::Value& value, uint64_t row) {
  return Error(ErrorCode::kSchema, "column \"" + field.name + "\" is " + field.type.ToString() +
                                       ", but " + Shown(value) + " (" + type.ToString() + ", row " +
                                       std::to_string(row + 1) + ") is no exact value of it")
      .With("column", field.name)
      .With("expected", field.type.ToString())
      .With("actual", type.ToString())
      .With("value", Shown(value))
      .With("row", std::to_string(row + 1));
}

Error TypesDoNotMeet(const model::Field& field, const model::Type& type) {
  return Error(ErrorCode::kSchema, "column \"" + field.name + "\" is " + field.type.ToString() +
                                       ", which " + type.ToString() +
                                       " does not become without a cast")
      .With("column", field.name)
      .With("expected", field.type.ToString())
      .With("actual", type.ToString());
}

}  // namespace rhizo::sql
