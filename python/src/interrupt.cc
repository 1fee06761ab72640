#include "interrupt.h"

#include <pthread.h>

#include <atomic>
#include <exception>

#include "worker.h"

namespace nb = nanobind;

namespace rhizo::python {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPoll{50};

// Remembered, because asking Python could run a signal handler, which throws.
std::atomic<unsigned long> main_thread = 0;

// The exception a signal handler raised, or nothing.
nb::object PendingInterrupt() {
  nb::gil_scoped_acquire acquire;
  if (PyErr_CheckSignals() == 0) return {};
  return nb::borrow(nb::python_error().value());
}

// Serves the work until it has finished; the first exception of a signal handler cancels it.
nb::object ServeUntilFinished(const Cancellation& cancellation, CallingThread& caller) {
  nb::object interrupt;
  auto polled = Clock::now();
  while (!caller.Serve(kPoll)) {
    if (interrupt.is_valid() || Clock::now() - polled < kPoll) continue;
    polled = Clock::now();
    interrupt = PendingInterrupt();
    if (interrupt.is_valid()) cancellation.Cancel();
  }
  return interrupt;
}

}  // namespace

void CallingThread::Call(const std::function<void()>& work) {
  std::unique_lock lock(mutex_);
  if (std::this_thread::get_id() != id_) {
    changed_.wait(lock, [&] { return request_ == nullptr || finished_; });
  }
  if (finished_ || std::this_thread::get_id() == id_) {
    lock.unlock();
    return work();
  }
  request_ = &work;
  changed_.notify_all();
  changed_.wait(lock, [&] { return request_ != &work; });
}

bool CallingThread::Serve(std::chrono::milliseconds timeout) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, timeout, [&] { return request_ != nullptr || finished_; });
  if (request_ == nullptr) return finished_;
  const auto* work = request_;
  lock.unlock();
  (*work)();
  lock.lock();
  request_ = nullptr;
  changed_.notify_all();
  return false;
}

void CallingThread::Finish() {
  std::lock_guard lock(mutex_);
  finished_ = true;
  changed_.notify_all();
}

bool InMainThread() { return PyThread_get_thread_ident() == main_thread; }

void RememberMainThread() {
  nb::object main = nb::module_::import_("threading").attr("main_thread")();
  main_thread = nb::cast<unsigned long>(main.attr("ident"));
  // Whoever forked is the child's main thread.
  pthread_atfork(nullptr, nullptr, [] { main_thread = PyThread_get_thread_ident(); });
}

void RunInterruptibly(const Cancellation& cancellation, const CallingThreadPtr& caller,
                      const std::function<void()>& work) {
  std::exception_ptr failure;
  nb::object interrupt;
  {
    nb::gil_scoped_release release;
    auto worker = Worker::Take();
    worker->Start([&work, &failure, caller] {
      try {
        work();
      } catch (...) {
        failure = std::current_exception();
      }
      caller->Finish();
    });
    interrupt = ServeUntilFinished(cancellation, *caller);
    Worker::GiveBack(std::move(worker));
  }
  if (interrupt.is_valid()) {
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(interrupt.ptr())), interrupt.ptr());
    throw nb::python_error();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace rhizo::python
