// "importing flights: 120,000 rows" on one line of a terminal's stderr; silent elsewhere. The line
// is gone at the end.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

#include "rhizo/cancellation.h"

namespace rhizo::cli {

class ProgressLine {
 public:
  ProgressLine(std::string doing, std::string unit);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void Tell(uint64_t done);  // thread-safe
  // Work that tells this line, which must outlive it.
  WorkOptions Work(const Cancellation& cancellation);

 private:
  const std::string doing_;
  const std::string unit_;
  const bool visible_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace rhizo::cli
