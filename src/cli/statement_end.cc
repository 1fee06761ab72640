#include "cli/statement_end.h"

#include <cctype>

namespace rhizo::cli {
namespace {

// The end of a part that starts at `at` and ends with `mark`; the end of the text if it never does.
size_t After(std::string_view text, size_t at, std::string_view mark) {
  size_t end = text.find(mark, at);
  return end == text.npos ? text.npos : end + mark.size();
}

// The tag of a dollar quote, "$$" or "$name$", at `at`; "" if there is none.
std::string_view DollarTag(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() &&
         (std::isalnum(static_cast<unsigned char>(text[end])) != 0 || text[end] == '_'))
    ++end;
  bool digit_first = end > at + 1 && std::isdigit(static_cast<unsigned char>(text[at + 1])) != 0;
  if (end >= text.size() || text[end] != '$' || digit_first) return {};
  return text.substr(at, end - at + 1);
}

struct Scan {
  bool ended = false;  // a `;` was the last thing
  bool blank = true;
};

Scan ScanStatement(std::string_view text) {
  Scan scan;
  for (size_t at = 0; at < text.size();) {
    char c = text[at];
    auto rest = text.substr(at);
    size_t next = at + 1;
    bool comment = rest.starts_with("--") || rest.starts_with("/*");
    bool space = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (rest.starts_with("--")) next = After(text, at, "\n");
    if (rest.starts_with("/*")) next = After(text, at + 2, "*/");
    if (rest.starts_with("--") && next == text.npos) return scan;
    if (c == '\'' || c == '"') next = After(text, at + 1, rest.substr(0, 1));
    if (c == '$' && !DollarTag(text, at).empty()) {
      auto tag = DollarTag(text, at);
      next = After(text, at + tag.size(), tag);
    }
    if (!comment && !space) {
      scan.blank = false;
      scan.ended = c == ';';
    }
    if (next == text.npos) return {false, scan.blank && comment};
    at = next;
  }
  return scan;
}

}  // namespace

bool EndsStatement(std::string_view text) { return ScanStatement(text).ended; }

bool IsBlank(std::string_view text) { return ScanStatement(text).blank; }

}  // namespace rhizo::cli
