// Who runs something again because it met a conflict does so in turn, over the threads of a process
// and over processes: of many that want one cell, each would otherwise spoil the others' work.
// First come, first served within a process. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "io/lock_file.h"
#include "rhizo/session.h"

namespace rhizo::db {

class RetryGate : public std::enable_shared_from_this<RetryGate> {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  // The lock file lies at `path`; made when it is first needed.
  explicit RetryGate(std::string path) : path_(std::move(path)) {}

  // kBusy at the deadline, kCancelled.
  Result<RetryTurn> Wait(Deadline deadline, const Cancellation& cancellation);

 private:
  class Turn;
  using Ticket = std::shared_ptr<int>;

  Status WaitForThreads(const Ticket& ticket, Deadline deadline, const Cancellation& cancellation,
                        bool* waited);
  Result<std::unique_ptr<io::LockFile>> WaitForProcesses(Deadline deadline,
                                                         const Cancellation& cancellation,
                                                         bool* waited) const;
  void Leave(const Ticket& ticket);

  const std::string path_;
  std::mutex mutex_;
  std::condition_variable moved_;
  std::deque<Ticket> queue_;  // the first one has the turn
};

}  // namespace rhizo::db
