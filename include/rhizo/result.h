// Result<T>: a value or an Error, with the member names of std::expected. Status is Result<void>.
// RETURN_IF_ERROR(expr) and ASSIGN_OR_RETURN(auto x, expr) are statements, never expressions.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "rhizo/check.h"
#include "rhizo/error.h"

namespace rhizo {

template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(runtime/explicit)
  Result(Error error)
      : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(runtime/explicit)
  template <class U>
    requires(std::is_convertible_v<U &&, T> && !std::is_same_v<std::decay_t<U>, T> &&
             !std::is_same_v<std::decay_t<U>, Error> && !std::is_same_v<std::decay_t<U>, Result>)
  Result(U&& value)
      : state_(std::in_place_index<0>, std::forward<U>(value)) {}  // NOLINT(runtime/explicit)

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return CHECK(has_value()), std::get<0>(state_); }
  const T& value() const& { return CHECK(has_value()), std::get<0>(state_); }
  T&& value() && { return CHECK(has_value()), std::move(std::get<0>(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const& { return CHECK(!has_value()), std::get<1>(state_); }
  Error&& error() && { return CHECK(!has_value()), std::move(std::get<1>(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(runtime/explicit)

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  const Error& error() const& { return CHECK(error_.has_value()), *error_; }
  Error&& error() && { return CHECK(error_.has_value()), std::move(*error_); }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

inline Error InvalidArgument(std::string message) {
  return Error(ErrorCode::kInvalidArgument, std::move(message));
}
inline Error Corruption(std::string message) {
  return Error(ErrorCode::kCorruption, std::move(message));
}
inline Error Unsupported(std::string message) {
  return Error(ErrorCode::kUnsupported, std::move(message));
}

}  // namespace rhizo

#define RHIZO_CONCAT_INNER(a, b) a##b
#define RHIZO_CONCAT(a, b) RHIZO_CONCAT_INNER(a, b)

#define RETURN_IF_ERROR(expression)                                  \
  do {                                                               \
    if (auto rhizo_status = (expression); !rhizo_status.has_value()) \
      return std::move(rhizo_status).error();                        \
  } while (false)

#define ASSIGN_OR_RETURN(declaration, expression) \
  RHIZO_ASSIGN_OR_RETURN(RHIZO_CONCAT(rhizo_result_, __LINE__), declaration, expression)
#define RHIZO_ASSIGN_OR_RETURN(result, declaration, expression) \
  auto result = (expression);                                   \
  if (!result.has_value()) return std::move(result).error();    \
  declaration = std::move(result).value()
