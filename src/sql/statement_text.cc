#include "sql/statement_text.h"

#include "engine/errors.h"

namespace rhizo::sql {
namespace {

Error MovePosition(const Error& error, const std::string& user_text, size_t prefix) {
  size_t position = std::stoull(std::string(error.field("position")));
  if (position < prefix) position = prefix;
  position -= prefix;
  std::string message = error.message();
  if (position < user_text.size()) {
    message = duckdb::QueryErrorContext::Format(user_text, message, position);
  }
  Error moved(error.code(), std::move(message));
  for (const auto& [name, value] : error.fields()) {
    moved = std::move(moved).With(name, name == "position" ? std::to_string(position) : value);
  }
  return moved;
}

// DuckDB says "Table with name "s.t" does not exist because schema "s" does not exist." as plain
// text.
Error NameMissingTable(Error error) {
  constexpr std::string_view kStart = "Catalog Error: Table with name \"";
  if (error.code() != ErrorCode::kSql || !error.message().starts_with(kStart)) return error;
  auto name = error.message().substr(kStart.size());
  name = name.substr(0, name.find('"'));
  Error missing(ErrorCode::kTableNotFound, error.message());
  for (const auto& [field, value] : error.fields()) missing = std::move(missing).With(field, value);
  return std::move(missing).With("table", name);
}

}  // namespace

Error StatementText::Translate(const duckdb::ErrorData& error) const {
  if (hidden_prefix == 0) return NameMissingTable(engine::TranslateError(error, text));
  Error translated = NameMissingTable(engine::TranslateError(error));
  if (translated.field("position").empty()) return translated;
  return MovePosition(translated, text.substr(hidden_prefix), hidden_prefix);
}

}  // namespace rhizo::sql
