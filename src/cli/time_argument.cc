#include "cli/time_argument.h"

#include <time.h>

#include <charconv>
#include <chrono>

namespace rhizo::cli {
namespace {

int64_t SecondsOf(char unit) {
  switch (unit) {
    case 'm': return 60;
    case 'h': return 3600;
    case 'd': return 86400;
    default: return 0;
  }
}

bool ParseSpan(const std::string& text, int64_t* seconds) {
  if (text.size() < 2 || text.size() > 7) return false;
  int64_t unit = SecondsOf(text.back());
  int64_t count = 0;
  const char* end = text.data() + text.size() - 1;
  auto [stop, error] = std::from_chars(text.data(), end, count);
  if (unit == 0 || error != std::errc() || stop != end || count < 0) return false;
  *seconds = count * unit;
  return true;
}

bool ParseDate(const std::string& text, int64_t* seconds) {
  for (const char* format :
       {"%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d"}) {
    tm parts{};
    const char* stop = strptime(text.c_str(), format, &parts);
    if (stop == nullptr || *stop != 0) continue;
    tm normal = parts;
    *seconds = timegm(&normal);
    return normal.tm_mday == parts.tm_mday;  // the 31st of February is none
  }
  return false;
}

}  // namespace

Result<int64_t> ParseTimeArgument(const std::string& text) {
  int64_t seconds = 0;
  if (ParseSpan(text, &seconds)) {
    auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(now).count() + seconds * 1'000'000;
  }
  if (ParseDate(text, &seconds)) return seconds * 1'000'000;
  return InvalidArgument(
      "\"" + text + "\" is no time: write 2026-01-31, 2026-01-31T12:00:00Z, or 12h, 30d from now");
}

}  // namespace rhizo::cli
