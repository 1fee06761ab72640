// Descriptors that must not live on in a forked child: an open-file-description lock is held until
// the last copy of its descriptor is closed, so a child would keep its parent's locks. The handler
// installed here (pthread_atfork) closes them in the child, before fork returns there. Opening and
// closing go through here too, so that no fork falls between a call and its bookkeeping.
// The registry is the process's, hence global. Thread-safe.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>

#include "base/result.h"

namespace rhizo::io {

// How often this process came out of a fork as the child. A handle that remembers the number it was
// made under knows that it is a copy when the number differs, and answers kClosed.
uint64_t ForkGeneration();

// For descriptors that foreign libraries open and close.
void RegisterForFork(int descriptor);
void UnregisterForFork(int descriptor);

// Owns a registered descriptor. In a forked child it is empty in effect: the descriptor is closed
// there, and its number may already mean something else.
class GuardedDescriptor {
 public:
  // open(2) with O_CLOEXEC; -1 with errno as usual gives an empty one.
  static GuardedDescriptor Open(const std::string& path, int flags, mode_t mode = 0666);

  GuardedDescriptor() = default;
  ~GuardedDescriptor() { Close(); }
  GuardedDescriptor(GuardedDescriptor&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)), generation_(other.generation_) {}
  GuardedDescriptor& operator=(GuardedDescriptor&& other) noexcept;

  bool is_open() const { return descriptor_ != -1; }
  // Whether this is a child's copy of its parent's.
  bool inherited() const { return generation_ != ForkGeneration(); }
  int get() const { return descriptor_; }
  void Close();
  // kClosed, naming `what`, in a forked child.
  Status CheckNotInherited(std::string_view what) const;

 private:
  int descriptor_ = -1;
  uint64_t generation_ = ForkGeneration();
};

}  // namespace rhizo::io
