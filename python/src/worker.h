// Threads that run work for a thread that waits, kept for the next time: handing work over costs
// two switches, not a thread.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>

namespace rhizo::python {

class Worker {
 public:
  // An idle one, or a new one. Thread-safe, also in a forked child.
  static std::shared_ptr<Worker> Take();
  // `work` must not throw. One at a time.
  void Start(std::function<void()> work);
  // Whoever took it, and whose work has ended, gives it back.
  static void GiveBack(std::shared_ptr<Worker> worker);

 private:
  void Loop();

  std::mutex mutex_;
  std::condition_variable started_;
  std::function<void()> work_;
};

}  // namespace rhizo::python
