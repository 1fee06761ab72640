#include "db/retry_gate.h"

#include <algorithm>
#include <thread>

namespace rhizo::db {
namespace {

// How soon a wait sees that it was cancelled.
constexpr std::chrono::milliseconds kSlice{20};
constexpr std::chrono::milliseconds kPoll{1};

Error GaveUp(bool cancelled) {
  if (cancelled) return Error(ErrorCode::kCancelled, "retry: cancelled while waiting for a turn");
  return Error(ErrorCode::kBusy, "retry: others are running again what met a conflict")
      .With("lock", "lock/again");
}

}  // namespace

class RetryGate::Turn {
 public:
  Turn(std::shared_ptr<RetryGate> gate, Ticket ticket, std::unique_ptr<io::LockFile> file)
      : gate_(std::move(gate)), ticket_(std::move(ticket)), file_(std::move(file)) {}
  ~Turn() {
    file_.reset();
    gate_->Leave(ticket_);
  }

 private:
  const std::shared_ptr<RetryGate> gate_;
  const Ticket ticket_;
  std::unique_ptr<io::LockFile> file_;
};

Result<RetryTurn> RetryGate::Wait(Deadline deadline, const Cancellation& cancellation) {
  auto ticket = std::make_shared<int>();
  RetryTurn turn;
  RETURN_IF_ERROR(WaitForThreads(ticket, deadline, cancellation, &turn.waited));
  auto file = WaitForProcesses(deadline, cancellation, &turn.waited);
  if (!file) {
    Leave(ticket);
    return std::move(file).error();
  }
  turn.held = std::make_shared<Turn>(shared_from_this(), ticket, std::move(file).value());
  return turn;
}

Status RetryGate::WaitForThreads(const Ticket& ticket, Deadline deadline,
                                 const Cancellation& cancellation, bool* waited) {
  std::unique_lock lock(mutex_);
  queue_.push_back(ticket);
  while (queue_.front() != ticket) {
    *waited = true;
    bool late = std::chrono::steady_clock::now() >= deadline;
    if (late || cancellation.cancelled()) {
      std::erase(queue_, ticket);
      return GaveUp(!late);
    }
    moved_.wait_for(lock, kSlice);
  }
  return {};
}

// Only one thread of a process is here at a time.
Result<std::unique_ptr<io::LockFile>> RetryGate::WaitForProcesses(Deadline deadline,
                                                                  const Cancellation& cancellation,
                                                                  bool* waited) const {
  ASSIGN_OR_RETURN(auto file, io::LockFile::Open(path_, io::LockAccess::kReadWrite));
  while (true) {
    ASSIGN_OR_RETURN(bool locked, file->TryLock(io::LockKind::kExclusive));
    if (locked) return file;
    *waited = true;
    bool late = std::chrono::steady_clock::now() >= deadline;
    if (late || cancellation.cancelled()) return GaveUp(!late);
    std::this_thread::sleep_for(kPoll);
  }
}

void RetryGate::Leave(const Ticket& ticket) {
  std::lock_guard lock(mutex_);
  std::erase(queue_, ticket);
  moved_.notify_all();
}

}  // namespace rhizo::db
