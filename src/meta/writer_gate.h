// The writer lock: one writer at a time over all threads and processes. Between processes it is the
// lock file, between threads of one store a flag; whoever holds it may release it from any thread.
// Nobody starves: whoever waits for the lock holds a second one meanwhile, the turn (a file beside
// it), and nobody gets the lock without having had the turn. So a process that writes in a loop
// lets others in.
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
  WriterGate(std::unique_ptr<io::LockFile> file, std::unique_ptr<io::LockFile> turn)
      : file_(std::move(file)), turn_(std::move(turn)) {}
  Status AcquireFile(std::chrono::steady_clock::time_point deadline);
  Status WaitForFile(std::chrono::steady_clock::time_point deadline);

  const std::unique_ptr<io::LockFile> file_, turn_;
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
