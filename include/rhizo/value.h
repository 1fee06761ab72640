// A parameter of a SQL statement.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rhizo {

// Any other type by its SQL name and text: {"DECIMAL(10,2)", "1.50"}, {"TIMESTAMPTZ", "2026-01-31
// 12:00+00"}.
struct TypedText {
  std::string type;
  std::string text;
};
struct BlobValue {
  std::string bytes;
};
using Value =
    std::variant<std::monostate, bool, int64_t, double, std::string, BlobValue, TypedText>;

struct Parameters {
  std::vector<Value> positional;                     // ?, $1
  std::vector<std::pair<std::string, Value>> named;  // $name
  bool empty() const { return positional.empty() && named.empty(); }
};

}  // namespace rhizo
