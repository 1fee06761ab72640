// Time as a collaborator. Timestamps are microseconds since 1970-01-01 UTC.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace rhizo {

struct Timestamp {
  int64_t micros = 0;
  // "2026-01-31 12:00:00.000000+00"
  std::string ToString() const;
  friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp Now() = 0;
};

// The operating system's clock; stateless and thread-safe.
class SystemClock final : public Clock {
 public:
  Timestamp Now() override;
};

}  // namespace rhizo
