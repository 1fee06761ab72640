#include "io/fork_guard.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <vector>

namespace rhizo::io {
namespace {

struct Registry {
  Registry() { CHECK(pthread_atfork(Prepare, InParent, InChild) == 0); }

  static void Prepare();
  static void InParent();
  static void InChild();

  std::mutex mutex;
  std::vector<int> descriptors;
  std::atomic<uint64_t> generation = 0;
};

// Never destroyed: forks happen during exit too.
Registry& TheRegistry() {
  static Registry& registry = *new Registry;
  return registry;
}

void Registry::Prepare() { TheRegistry().mutex.lock(); }

void Registry::InParent() { TheRegistry().mutex.unlock(); }

// Only calls that are safe between fork and exec: clear() frees nothing.
void Registry::InChild() {
  Registry& registry = TheRegistry();
  for (int descriptor : registry.descriptors) close(descriptor);
  registry.descriptors.clear();
  registry.generation.fetch_add(1);
  registry.mutex.unlock();
}

}  // namespace

uint64_t ForkGeneration() { return TheRegistry().generation.load(); }

void RegisterForFork(int descriptor) {
  Registry& registry = TheRegistry();
  std::lock_guard lock(registry.mutex);
  registry.descriptors.push_back(descriptor);
}

void UnregisterForFork(int descriptor) {
  Registry& registry = TheRegistry();
  std::lock_guard lock(registry.mutex);
  std::erase(registry.descriptors, descriptor);
}

GuardedDescriptor GuardedDescriptor::Open(const std::string& path, int flags, mode_t mode) {
  Registry& registry = TheRegistry();
  std::lock_guard lock(registry.mutex);
  GuardedDescriptor opened;
  do {
    opened.descriptor_ = open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (opened.descriptor_ == -1 && errno == EINTR);
  if (opened.is_open()) registry.descriptors.push_back(opened.descriptor_);
  return opened;
}

GuardedDescriptor& GuardedDescriptor::operator=(GuardedDescriptor&& other) noexcept {
  if (this == &other) return *this;
  Close();
  descriptor_ = std::exchange(other.descriptor_, -1);
  generation_ = other.generation_;
  return *this;
}

void GuardedDescriptor::Close() {
  int descriptor = std::exchange(descriptor_, -1);
  if (descriptor == -1 || inherited()) return;
  Registry& registry = TheRegistry();
  std::lock_guard lock(registry.mutex);
  std::erase(registry.descriptors, descriptor);
  close(descriptor);
}

Status GuardedDescriptor::CheckNotInherited(std::string_view what) const {
  if (!inherited()) return {};
  return Error(ErrorCode::kClosed,
               std::string(what) + " belongs to the parent process: open the database again");
}

}  // namespace rhizo::io
