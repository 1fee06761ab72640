#include "meta/writer_gate.h"

#include <algorithm>
#include <thread>

#include "io/path.h"

namespace rhizo::meta {

namespace {

using Deadline = std::chrono::steady_clock::time_point;

std::chrono::milliseconds Left(Deadline deadline) {
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

}  // namespace

Result<std::unique_ptr<WriterGate>> WriterGate::Open(const std::string& path) {
  ASSIGN_OR_RETURN(auto file, io::LockFile::Open(path, io::LockAccess::kReadWrite));
  ASSIGN_OR_RETURN(auto turn, io::LockFile::Open(io::JoinPath(io::ParentPath(path), "turn"),
                                                 io::LockAccess::kReadWrite));
  return std::unique_ptr<WriterGate>(new WriterGate(std::move(file), std::move(turn)));
}

Status WriterGate::Acquire(std::chrono::milliseconds timeout) {
  Deadline deadline = std::chrono::steady_clock::now() + timeout;
  {
    std::unique_lock lock(mutex_);
    if (!released_.wait_until(lock, deadline, [&] { return !is_held_; })) {
      return Error(ErrorCode::kBusy, "another thread is writing to this database")
          .With("lock", "lock/write");
    }
    is_held_ = true;
  }
  Status locked = AcquireFile(deadline);
  if (locked) return {};
  std::lock_guard lock(mutex_);
  is_held_ = false;
  released_.notify_one();
  return locked;
}

Status WriterGate::AcquireFile(Deadline deadline) {
  RETURN_IF_ERROR(turn_->Lock(io::LockKind::kExclusive, Left(deadline)));
  Status locked = WaitForFile(deadline);
  turn_->Unlock();
  return locked;
}

// Only one process is here at a time, so it may ask often.
Status WriterGate::WaitForFile(Deadline deadline) {
  constexpr std::chrono::microseconds kShort{40}, kLong{1000};
  for (int attempt = 0;; ++attempt) {
    ASSIGN_OR_RETURN(bool locked, file_->TryLock(io::LockKind::kExclusive));
    if (locked) return {};
    if (Left(deadline).count() == 0) {
      return Error(ErrorCode::kBusy, "another process is writing to this database")
          .With("lock", "lock/write");
    }
    std::this_thread::sleep_for(attempt < 200 ? kShort : kLong);
  }
}

void WriterGate::Release() {
  file_->Unlock();
  std::lock_guard lock(mutex_);
  is_held_ = false;
  released_.notify_one();
}

Result<GateHolder> GateHolder::Acquire(WriterGate& gate, std::chrono::milliseconds timeout) {
  RETURN_IF_ERROR(gate.Acquire(timeout));
  return GateHolder(&gate);
}

}  // namespace rhizo::meta
