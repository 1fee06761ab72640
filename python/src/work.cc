#include "work.h"

#include <chrono>
#include <mutex>
#include <optional>

namespace nb = nanobind;

namespace rhizo::python {

struct Work::Progress {
  std::mutex mutex;
  std::chrono::steady_clock::time_point told = std::chrono::steady_clock::now();
  PyObject* callable = nullptr;
  std::optional<nb::python_error> failure;

  // True if it is time to tell; calls from several threads give way.
  bool IsDue() {
    std::unique_lock lock(mutex, std::try_to_lock);
    auto now = std::chrono::steady_clock::now();
    if (!lock.owns_lock() || now - told < std::chrono::milliseconds(100)) return false;
    told = now;
    return true;
  }

  void Tell(uint64_t rows, const Cancellation& cancellation) {
    if (!IsDue()) return;
    nb::gil_scoped_acquire acquire;
    if (failure.has_value()) return;
    try {
      nb::borrow(callable)(rows);
    } catch (nb::python_error& error) {
      failure.emplace(std::move(error));
      cancellation.Cancel();
    }
  }

  ~Progress() {
    if (!Py_IsInitialized()) return;
    nb::gil_scoped_acquire acquire;
    failure.reset();
    Py_XDECREF(callable);
  }
};

Work::Work(nb::object progress) {
  if (progress.is_none()) return;
  progress_ = std::make_shared<Progress>();
  progress_->callable = progress.release().ptr();
  options_.progress = [state = progress_, cancellation = options_.cancellation](uint64_t rows) {
    state->Tell(rows, cancellation);
  };
}

void Work::RaiseFromProgress() const {
  if (progress_ != nullptr && progress_->failure.has_value())
    throw nb::python_error(*progress_->failure);
}

}  // namespace rhizo::python
