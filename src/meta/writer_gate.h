// The writer lock: one writer at a time over all threads and processes. Between processes it is the
// lock file, between threads of one store a flag; whoever holds it may release it from any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "io/lock_file.h"

namespace rhizo::meta {

class WriterGate final {
 public:
  static Result<std::unique_ptr<WriterGate>> Open(const std::string& path);

  // kBusy after `timeout`.
  Status Acquire(std::chrono::milliseconds timeout);
  void Release();

 private:
  explicit WriterGate(std::unique_ptr<io::LockFile> file) : file_(std::move(file)) {}

  const std::unique_ptr<io::LockFile> file_;
  std::mutex mutex_;
  std::condition_variable released_;
  bool is_held_ = false;
};

// Releases at the end of a scope.
class GateHolder final {
 public:
  static Result<GateHolder> Acquire(WriterGate& gate, std::chrono::milliseconds timeout);
  ~GateHolder() {
    if (gate_ != nullptr) gate_->Release();
  }
  GateHolder(GateHolder&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}

 private:
  explicit GateHolder(WriterGate* gate) : gate_(gate) {}
  WriterGate* gate_;
};

}  // namespace rhizo::meta
