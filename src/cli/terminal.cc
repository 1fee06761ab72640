#include "cli/terminal.h"

#include <unistd.h>

#include <cstdlib>

namespace rhizo::cli {

bool IsTerminal(Stream stream) {
  return isatty(stream == Stream::kOutput ? STDOUT_FILENO : STDERR_FILENO) == 1;
}

Style StyleOf(Stream stream) {
  const char* forbidden = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  bool plain = (forbidden != nullptr && *forbidden != 0) ||
               (term != nullptr && std::string_view(term) == "dumb");
  return Style(!plain && IsTerminal(stream));
}

std::string Style::Paint(std::string_view code, std::string_view text) const {
  if (!colors_) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

}  // namespace rhizo::cli
