#include "io/lock_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "io/path.h"
#include "io/posix_error.h"

namespace rhizo::io {
namespace {

using std::chrono::steady_clock;

// The first byte; the kernel asks for l_pid 0.
struct flock FirstByte(short type) {
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_len = 1;
  return range;
}

int Control(int descriptor, int command, struct flock* range) {
  int result;
  do {
    result = fcntl(descriptor, command, range);
  } while (result == -1 && errno == EINTR);
  return result;
}

Error NotHadInTime(const std::string& name, LockKind kind, std::chrono::milliseconds timeout) {
  std::string text = kind == LockKind::kExclusive ? "exclusively" : "shared";
  return Error(ErrorCode::kBusy, "locking " + name + " " + text + ": somebody else held it for " +
                                     std::to_string(timeout.count()) + " ms")
      .With("lock", name);
}

}  // namespace

Result<bool> TryLockDescriptor(int descriptor, LockKind kind, std::string_view name) {
  struct flock range = FirstByte(kind == LockKind::kExclusive ? F_WRLCK : F_RDLCK);
  if (Control(descriptor, F_OFD_SETLK, &range) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  return PosixError(errno, Intent::kWrite, "locking", name);
}

Result<bool> IsLockedByAnother(int descriptor, std::string_view name) {
  struct flock range = FirstByte(F_RDLCK);  // only an exclusive lock is in the way of a shared one
  if (Control(descriptor, F_OFD_GETLK, &range) == 0) return range.l_type != F_UNLCK;
  return PosixError(errno, Intent::kRead, "asking for the lock of", name);
}

Result<std::unique_ptr<LockFile>> LockFile::Open(const std::string& path, LockAccess access) {
  const bool writable = access == LockAccess::kReadWrite;
  auto opened = GuardedDescriptor::Open(path, writable ? O_RDWR | O_CREAT : O_RDONLY);
  if (!opened.is_open()) {
    return PosixError(errno, writable ? Intent::kWrite : Intent::kRead, "opening lock", path);
  }
  return std::unique_ptr<LockFile>(new LockFile(std::move(opened), ShortPath(path)));
}

Result<bool> LockFile::TryLock(LockKind kind) {
  RETURN_IF_ERROR(descriptor_.CheckNotInherited(name_));
  return TryLockDescriptor(descriptor_.get(), kind, name_);
}

// There is no waiting with a deadline for these locks, so this asks again, ever more seldom.
Status LockFile::Lock(LockKind kind, std::chrono::milliseconds timeout) {
  const auto deadline = steady_clock::now() + timeout;
  steady_clock::duration pause = std::chrono::microseconds(50);
  while (true) {
    ASSIGN_OR_RETURN(bool locked, TryLock(kind));
    if (locked) return {};
    const auto left = deadline - steady_clock::now();
    if (left <= steady_clock::duration::zero()) return NotHadInTime(name_, kind, timeout);
    std::this_thread::sleep_for(std::min(pause, left));
    pause = std::min<steady_clock::duration>(pause * 2, std::chrono::milliseconds(5));
  }
}

void LockFile::Unlock() {
  if (descriptor_.inherited()) return;
  struct flock range = FirstByte(F_UNLCK);
  CHECK(Control(descriptor_.get(), F_OFD_SETLK, &range) == 0);
}

}  // namespace rhizo::io
