#include "io/fork_guard.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <thread>

#include "io/testing/child_process.h"

namespace rhizo::io {
namespace {

bool IsOpen(int descriptor) { return fcntl(descriptor, F_GETFD) != -1; }

TEST(ForkGuard, TheChildsGenerationDiffersAndTheParentsStays) {
  const uint64_t before = ForkGeneration();
  EXPECT_TRUE(TrueInChild([&] { return ForkGeneration() != before; }));
  EXPECT_EQ(ForkGeneration(), before);
}

TEST(ForkGuard, GuardedDescriptorsAreClosedInTheChildOnly) {
  auto guarded = GuardedDescriptor::Open("/dev/null", O_RDONLY);
  EXPECT_TRUE(TrueInChild([&] { return guarded.inherited() && !IsOpen(guarded.get()); }));
  EXPECT_FALSE(guarded.inherited());
  EXPECT_TRUE(IsOpen(guarded.get()));
}

TEST(ForkGuard, RegisteredDescriptorsAreClosedUntilUnregistered) {
  int descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
  RegisterForFork(descriptor);
  EXPECT_TRUE(TrueInChild([&] { return !IsOpen(descriptor); }));
  UnregisterForFork(descriptor);
  EXPECT_TRUE(TrueInChild([&] { return IsOpen(descriptor); }));
  close(descriptor);
}

TEST(ForkGuard, DestroyingAnInheritedOneDoesNotCloseWhatReusedItsNumber) {
  auto guarded = GuardedDescriptor::Open("/dev/null", O_RDONLY);
  EXPECT_TRUE(TrueInChild([&] {
    int reused = open("/dev/null", O_RDONLY);
    bool same_number = reused == guarded.get();
    guarded = GuardedDescriptor();
    return same_number && IsOpen(reused);
  }));
}

TEST(ForkGuard, MovingMovesTheDescriptor) {
  auto first = GuardedDescriptor::Open("/dev/null", O_RDONLY);
  int descriptor = first.get();
  GuardedDescriptor second = std::move(first);
  // What moving leaves is promised.
  EXPECT_FALSE(first.is_open());  // NOLINT(bugprone-use-after-move,clang-analyzer-cplusplus.Move)
  EXPECT_EQ(second.get(), descriptor);
  second.Close();
  EXPECT_FALSE(IsOpen(descriptor));
}

TEST(ForkGuard, ForkingWhileOthersOpenAndCloseLeavesNothingOpen) {
  std::atomic<bool> stop = false;
  std::jthread churn([&] {
    while (!stop) GuardedDescriptor::Open("/dev/zero", O_RDONLY);
  });
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(TrueInChild([] {
      char target[32];
      for (int descriptor = 0; descriptor < 64; ++descriptor) {
        std::string link = "/proc/self/fd/" + std::to_string(descriptor);
        ssize_t length = readlink(link.c_str(), target, sizeof(target));
        if (length > 0 && std::string_view(target, length) == "/dev/zero") return false;
      }
      return true;
    }));
  }
  stop = true;
}

}  // namespace
}  // namespace rhizo::io
