// Runs a function in a forked child, for tests of what processes do to each other.
#pragma once

#include <functional>

namespace rhizo::io {

// A child that said it is ready and now waits, holding what it holds, until it is killed.
class WaitingChild {
 public:
  // Returns when `prepare` has returned in the child.
  explicit WaitingChild(const std::function<void()>& prepare);
  ~WaitingChild() { Kill(); }
  WaitingChild(const WaitingChild&) = delete;
  WaitingChild& operator=(const WaitingChild&) = delete;

  // SIGKILL, and waits until the process is gone.
  void Kill();

 private:
  int process_ = -1;
};

// Whether `check` returned true in a forked child.
bool TrueInChild(const std::function<bool()>& check);

}  // namespace rhizo::io
