// A lock between processes, and between handles of one process: an open-file-description lock
// (F_OFD_SETLK) on the first byte of a file. Unlike POSIX F_SETLK it belongs to this object alone,
// not to the process, and is not dropped when somebody else closes the same file. It ends with
// Unlock(), the destructor, or the process, however that ends. One object is one holder: threads
// that must exclude each other each need their own. In a forked child the object answers kClosed
// and holds nothing.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/result.h"
#include "io/fork_guard.h"

namespace rhizo::io {

enum class LockKind { kShared, kExclusive };

enum class LockAccess {
  kReadWrite,  // creates the file if it is missing; both kinds
  kReadOnly,   // the file must exist and may lie where nothing can be written; kShared only
};

class LockFile final {
 public:
  static Result<std::unique_ptr<LockFile>> Open(const std::string& path, LockAccess access);

  // False if somebody else is in the way. Holding it already, this changes its kind; when that
  // fails what was held is still held.
  Result<bool> TryLock(LockKind kind);
  // Tries until `timeout` has passed, then kBusy with field "lock".
  Status Lock(LockKind kind, std::chrono::milliseconds timeout);
  void Unlock();

 private:
  LockFile(GuardedDescriptor descriptor, std::string name)
      : descriptor_(std::move(descriptor)), name_(std::move(name)) {}

  GuardedDescriptor descriptor_;
  const std::string name_;  // the last two parts of the path
};

// The lock itself, on any descriptor: what lock files and pins are made of.
Result<bool> TryLockDescriptor(int descriptor, LockKind kind, std::string_view name);
// Whether somebody else holds an exclusive lock on the file; works on a descriptor for reading.
Result<bool> IsLockedByAnother(int descriptor, std::string_view name);

}  // namespace rhizo::io
