// Blocking C++ work under Python: the GIL is released, and in the main thread Ctrl-C cancels the
// work within a second. Python runs signal handlers only in its main thread, so there the work
// moves to a thread of its own while the main thread waits for signals, and serves the work's calls
// back into Python (streams that are Python generators may depend on the thread that made them).
#pragma once

#include <nanobind/nanobind.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>

#include "rhizo/cancellation.h"

namespace rhizo::python {

// The thread that waits for work. Thread-safe.
class CallingThread {
 public:
  // Runs `work` in the calling thread if that is waiting in Serve, else here.
  void Call(const std::function<void()>& work);
  // Waits for a call and runs it, for Finish, or for the time; true after Finish.
  bool Serve(std::chrono::milliseconds timeout);
  void Finish();

 private:
  const std::thread::id id_ = std::this_thread::get_id();
  std::mutex mutex_;
  std::condition_variable changed_;
  const std::function<void()>* request_ = nullptr;
  bool finished_ = false;
};

using CallingThreadPtr = std::shared_ptr<CallingThread>;

// Is this Python's main thread? Never runs Python code.
bool InMainThread();
// Once, when the module is loaded.
void RememberMainThread();

// Runs `work` on another thread, with the GIL released, until it is done. Throws python_error
// (KeyboardInterrupt) if a signal handler raised; `cancellation` was set then and `work` has ended.
void RunInterruptibly(const Cancellation& cancellation, const CallingThreadPtr& caller,
                      const std::function<void()>& work);

// The value of `work()`, which must not touch Python. Called with the GIL held.
template <class Work>
std::invoke_result_t<Work> RunBlocking(const Cancellation& cancellation,
                                       const CallingThreadPtr& caller, Work&& work) {
  if (!InMainThread()) {
    caller->Finish();
    nanobind::gil_scoped_release release;
    return work();
  }
  std::optional<std::invoke_result_t<Work>> result;
  RunInterruptibly(cancellation, caller, [&] { result.emplace(work()); });
  return std::move(*result);
}
template <class Work>
std::invoke_result_t<Work> RunBlocking(const Cancellation& cancellation, Work&& work) {
  return RunBlocking(cancellation, std::make_shared<CallingThread>(), std::forward<Work>(work));
}

// For work that cannot be cancelled and is short: only the GIL is released.
template <class Work>
std::invoke_result_t<Work> RunBriefly(Work&& work) {
  nanobind::gil_scoped_release release;
  return work();
}

}  // namespace rhizo::python
