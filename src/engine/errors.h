// The one door for failures. Our own errors travel through DuckDB's code (callbacks, worker
// threads) as RhizoException, which writes the whole Error into the exception's extra info, and
// come back from TranslateError unchanged; DuckDB's own become typed errors there. Nothing of
// DuckDB is thrown past Guarded().
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "base/result.h"
#include "engine/duckdb_headers.h"

namespace rhizo::engine {

class RhizoException final : public duckdb::Exception {
 public:
  explicit RhizoException(const Error& error);
  // With a position in the statement: the translated error then shows the line and a caret.
  RhizoException(const Error& error, const duckdb::QueryErrorContext& where);
};

[[noreturn]] void ThrowError(const Error& error);
inline void ThrowIfError(const Status& status) {
  if (!status) ThrowError(status.error());
}
template <class T>
T ValueOrThrow(Result<T> result) {
  if (!result) ThrowError(result.error());
  return std::move(result).value();
}

// The position of the failure in `query`, when DuckDB knew it, is the field "position" (bytes from
// the start) and shown under the message as DuckDB does ("LINE 1: ..." and a caret).
Error TranslateError(const duckdb::ErrorData& error, std::string_view query = {});

// Runs `body`, which may throw, and gives back what it returns (a value, nothing, a Status or
// Result).
template <class Body>
auto Guarded(Body&& body, std::string_view query = {}) {
  using Value = std::invoke_result_t<Body>;
  constexpr bool kIsResult = requires(Value value) { value.has_value(), value.error(); };
  using Return =
      std::conditional_t<kIsResult, Value, Result<std::conditional_t<kIsResult, int, Value>>>;
  try {
    if constexpr (std::is_void_v<Value>) {
      std::forward<Body>(body)();
      return Status();
    } else {
      return Return(std::forward<Body>(body)());
    }
  } catch (const std::exception& exception) {
    Error error = TranslateError(duckdb::ErrorData(exception), query);
    if constexpr (std::is_void_v<Value>) {
      return Status(std::move(error));
    } else {
      return Return(std::move(error));
    }
  }
}

}  // namespace rhizo::engine
