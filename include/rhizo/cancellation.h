// Asks running work to stop from another thread. Copies share one flag. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

namespace rhizo {

class Cancellation {
 public:
  void Cancel() const { flag_->store(true, std::memory_order_relaxed); }
  bool cancelled() const { return flag_->load(std::memory_order_relaxed); }

 private:
  std::shared_ptr<std::atomic<bool>> flag_ = std::make_shared<std::atomic<bool>>(false);
};

// What long work takes: a way to stop it, and a place to tell how far it is (rows done so far).
struct WorkOptions {
  Cancellation cancellation;
  std::function<void(uint64_t rows_done)> progress;
};

}  // namespace rhizo
