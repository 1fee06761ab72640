// Ctrl-C during long work: the first one asks it to stop, the second one ends the process.
#pragma once

#include "rhizo/cancellation.h"

namespace rhizo::cli {

// While it lives, SIGINT and SIGTERM cancel `cancellation()`. One at a time per process.
class InterruptScope {
 public:
  InterruptScope();
  ~InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

  const Cancellation& cancellation() const { return cancellation_; }

 private:
  Cancellation cancellation_;
};

}  // namespace rhizo::cli
