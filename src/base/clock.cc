#include "base/clock.h"

#include <cstdio>
#include <ctime>

namespace rhizo {

std::string Timestamp::ToString() const {
  int64_t seconds = micros / 1'000'000;
  int64_t rest = micros % 1'000'000;
  if (rest < 0) {
    rest += 1'000'000;
    --seconds;
  }
  std::tm parts{};
  std::time_t when = seconds;
  if (gmtime_r(&when, &parts) == nullptr) return std::to_string(micros) + "us";
  char text[96];
  std::snprintf(text, sizeof(text), "%04d-%02d-%02d %02d:%02d:%02d.%06d+00", parts.tm_year + 1900,
                parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                static_cast<int>(rest));
  return text;
}

Timestamp SystemClock::Now() {
  std::timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return {static_cast<int64_t>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000};
}

}  // namespace rhizo
