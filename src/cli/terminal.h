// Terminals: colours only there, and never when NO_COLOR is set or TERM is dumb.
#pragma once

#include <string>
#include <string_view>

namespace rhizo::cli {

enum class Stream { kOutput, kErrors };

bool IsTerminal(Stream stream);

class Style {
 public:
  explicit Style(bool colors) : colors_(colors) {}
  std::string Bold(std::string_view text) const { return Paint("1", text); }
  std::string Dim(std::string_view text) const { return Paint("2", text); }
  std::string Red(std::string_view text) const { return Paint("31", text); }
  std::string Yellow(std::string_view text) const { return Paint("33", text); }
  std::string Green(std::string_view text) const { return Paint("32", text); }

 private:
  std::string Paint(std::string_view code, std::string_view text) const;

  bool colors_;
};

Style StyleOf(Stream stream);

}  // namespace rhizo::cli
