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

}  // namespace

Error StatementText::Translate(const duckdb::ErrorData& error) const {
  if (hidden_prefix == 0) return engine::TranslateError(error, text);
  Error translated = engine::TranslateError(error);
  if (translated.field("position").empty()) return translated;
  return MovePosition(translated, text.substr(hidden_prefix), hidden_prefix);
}

}  // namespace rhizo::sql
