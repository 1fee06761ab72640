#include "io/lock_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/testing/child_process.h"
#include "io/testing/temporary_directory.h"

namespace rhizo::io {
namespace {

using std::chrono::milliseconds;

class LockFileTest : public ::testing::Test {
 protected:
  std::unique_ptr<LockFile> Open(LockAccess access = LockAccess::kReadWrite) {
    return LockFile::Open(path_, access).value();
  }

  TemporaryDirectory directory_;
  const std::string path_ = directory_.Path("write");
};

TEST_F(LockFileTest, OneHandleExcludesAnotherInTheSameProcess) {
  auto first = Open();
  auto second = Open();
  EXPECT_TRUE(first->TryLock(LockKind::kExclusive).value());
  EXPECT_FALSE(second->TryLock(LockKind::kExclusive).value());
  EXPECT_FALSE(second->TryLock(LockKind::kShared).value());
  first->Unlock();
  EXPECT_TRUE(second->TryLock(LockKind::kExclusive).value());
}

TEST_F(LockFileTest, ManyMayShare) {
  auto first = Open();
  auto second = Open(LockAccess::kReadOnly);
  auto third = Open();
  EXPECT_TRUE(first->TryLock(LockKind::kShared).value());
  EXPECT_TRUE(second->TryLock(LockKind::kShared).value());
  EXPECT_FALSE(third->TryLock(LockKind::kExclusive).value());
}

TEST_F(LockFileTest, AFailedChangeOfKindKeepsWhatWasHeld) {
  auto first = Open();
  auto second = Open();
  auto third = Open();
  ASSERT_TRUE(first->TryLock(LockKind::kShared).value());
  ASSERT_TRUE(second->TryLock(LockKind::kShared).value());
  EXPECT_FALSE(first->TryLock(LockKind::kExclusive).value());
  second->Unlock();
  EXPECT_FALSE(third->TryLock(LockKind::kExclusive).value());
  EXPECT_TRUE(first->TryLock(LockKind::kExclusive).value());
}

TEST_F(LockFileTest, AnotherDescriptorOfTheFileClosingDropsNothing) {
  auto first = Open();
  ASSERT_TRUE(first->TryLock(LockKind::kExclusive).value());
  close(open(path_.c_str(), O_RDWR | O_CLOEXEC));
  EXPECT_FALSE(Open()->TryLock(LockKind::kExclusive).value());
}

TEST_F(LockFileTest, WaitingEndsWithBusyThatNamesTheLock) {
  auto first = Open();
  auto second = Open();
  ASSERT_TRUE(first->Lock(LockKind::kExclusive, milliseconds(0)).has_value());
  auto waited = second->Lock(LockKind::kShared, milliseconds(5));
  ASSERT_FALSE(waited.has_value());
  EXPECT_EQ(waited.error().code(), ErrorCode::kBusy);
  EXPECT_THAT(std::string(waited.error().field("lock")), ::testing::EndsWith("/write"));
  EXPECT_THAT(waited.error().message(), ::testing::Not(::testing::HasSubstr(directory_.path())));
}

TEST_F(LockFileTest, TheLockEndsWithItsObject) {
  auto second = Open();
  {
    auto first = Open();
    ASSERT_TRUE(first->TryLock(LockKind::kExclusive).value());
  }
  EXPECT_TRUE(second->TryLock(LockKind::kExclusive).value());
}

TEST_F(LockFileTest, TheLockEndsWithItsProcess) {
  auto mine = Open();
  WaitingChild child([&] {
    auto* theirs = Open().release();
    CHECK(theirs->TryLock(LockKind::kExclusive).value());
  });
  EXPECT_FALSE(mine->TryLock(LockKind::kExclusive).value());
  child.Kill();
  EXPECT_TRUE(mine->TryLock(LockKind::kExclusive).value());
}

TEST_F(LockFileTest, AForkedChildDoesNotKeepItsParentsLock) {
  auto mine = Open();
  ASSERT_TRUE(mine->TryLock(LockKind::kExclusive).value());
  WaitingChild child([] {});
  mine.reset();
  EXPECT_TRUE(Open()->TryLock(LockKind::kExclusive).value());
}

TEST_F(LockFileTest, AForkedChildsCopyIsClosedAndItsParentsLockStays) {
  auto mine = Open();
  ASSERT_TRUE(mine->TryLock(LockKind::kExclusive).value());
  EXPECT_TRUE(TrueInChild([&] {
    auto locked = mine->TryLock(LockKind::kShared);
    bool closed = !locked.has_value() && locked.error().code() == ErrorCode::kClosed;
    mine->Unlock();
    mine.reset();
    return closed;
  }));
  EXPECT_FALSE(Open()->TryLock(LockKind::kExclusive).value());
}

TEST_F(LockFileTest, AReadOnlyHandleNeedsTheFileAndMayOnlyShare) {
  auto missing = LockFile::Open(path_, LockAccess::kReadOnly);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().code(), ErrorCode::kObjectNotFound);
  Open();
  ASSERT_EQ(chmod(path_.c_str(), 0444), 0);
  ASSERT_EQ(chmod(directory_.path().c_str(), 0555), 0);
  auto reader = Open(LockAccess::kReadOnly);
  EXPECT_TRUE(reader->TryLock(LockKind::kShared).value());
  EXPECT_FALSE(reader->TryLock(LockKind::kExclusive).has_value());
  ASSERT_EQ(chmod(directory_.path().c_str(), 0755), 0);
}

TEST_F(LockFileTest, AskingForALockNeedsNoRightToWrite) {
  auto holder = Open();
  int descriptor = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  EXPECT_FALSE(IsLockedByAnother(descriptor, "write").value());
  ASSERT_TRUE(holder->TryLock(LockKind::kExclusive).value());
  EXPECT_TRUE(IsLockedByAnother(descriptor, "write").value());
  close(descriptor);
}

}  // namespace
}  // namespace rhizo::io
