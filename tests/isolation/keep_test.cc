// What garbage collection will rely on (reliability rule 7): whoever writes holds the gc lock
// shared until its commit is published, whoever reads has pinned what it reads, and both end with
// the process, however that ends.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/testing/scale.h"
#include "io/lock_file.h"
#include "io/pin_file.h"
#include "io/testing/child_process.h"
#include "io/testing/temporary_directory.h"
#include "support/tables.h"

namespace rhizo::tests {
namespace {

class KeepTest : public ::testing::Test {
 protected:
  std::shared_ptr<txn::Repository> Open() { return txn::Repository::Open(path_, {}).value(); }

  bool CollectorMayStart() {
    auto lock = io::LockFile::Open(path_ + "/lock/gc", io::LockAccess::kReadWrite).value();
    return lock->TryLock(io::LockKind::kExclusive).value();
  }

  bool IsPinned(const CommitId& commit) {
    auto pins = io::ListPins(path_ + "/pins").value();
    for (const auto& pin : pins) {
      if (pin.alive && pin.content && pin.content->find(commit.ToString()) != std::string::npos) {
        return true;
      }
    }
    return false;
  }

  io::TemporaryDirectory directory_;
  const std::string path_ = directory_.Path("db");
};

TEST_F(KeepTest, AnOpenTransactionKeepsTheCollectorOutUntilItEnds) {
  auto repository = Open();
  EXPECT_TRUE(CollectorMayStart());
  auto transaction = txn::Transaction::Begin(repository, txn::kMainBranch).value();
  EXPECT_FALSE(CollectorMayStart());
  ASSERT_TRUE(Write(*transaction, "t", Numbered(0, 3)).has_value());
  EXPECT_FALSE(CollectorMayStart());
  ASSERT_TRUE(repository->committer().Commit(*transaction, {}).has_value());
  transaction.reset();
  EXPECT_TRUE(CollectorMayStart());
}

TEST_F(KeepTest, AnOpenTransactionKeepsTheCollectorOutWhileAnotherOneEnds) {
  auto repository = Open();
  auto one = txn::Transaction::Begin(repository, txn::kMainBranch).value();
  auto two = txn::Transaction::Begin(repository, txn::kMainBranch).value();
  one.reset();
  EXPECT_FALSE(CollectorMayStart());
  two.reset();
  EXPECT_TRUE(CollectorMayStart());
}

// Whoever ends last lets the lock go, unless somebody began in between.
TEST_F(KeepTest, OneEndsWhileAnotherBegins) {
  auto repository = Open();
  std::atomic<bool> stop = false;
  std::thread other([&] {
    while (!stop) repository->HoldObjects().value().reset();
  });
  for (size_t i = 0; i < Scaled(60'000); ++i) {
    auto hold = repository->HoldObjects().value();
    ASSERT_FALSE(CollectorMayStart()) << "round " << i;
  }
  stop = true;
  other.join();
  EXPECT_TRUE(CollectorMayStart());
}

TEST_F(KeepTest, TheCollectorKeepsWritersOutWhileItRuns) {
  auto repository = Open();
  auto lock = io::LockFile::Open(path_ + "/lock/gc", io::LockAccess::kReadWrite).value();
  ASSERT_TRUE(lock->TryLock(io::LockKind::kExclusive).value());
  txn::RepositoryOptions impatient;
  impatient.busy_timeout = std::chrono::milliseconds(1);
  auto other = txn::Repository::Open(path_, impatient).value();
  auto transaction = txn::Transaction::Begin(other, txn::kMainBranch);
  ASSERT_FALSE(transaction.has_value());
  EXPECT_EQ(transaction.error().code(), ErrorCode::kBusy);
}

TEST_F(KeepTest, EveryViewIsPinnedAlsoWhenItsBranchMovedOn) {
  auto repository = Open();
  ASSERT_TRUE(txn::testing::CommitRows(repository, "t", Numbered(0, 3), false).has_value());
  auto view = ViewOfBranch(*repository).value();
  ASSERT_TRUE(txn::testing::CommitRows(repository, "t", Numbered(5, 3), false).has_value());
  auto newer = ViewOfBranch(*repository).value();
  EXPECT_NE(view->commit(), newer->commit());
  EXPECT_TRUE(IsPinned(view->commit()));
  EXPECT_TRUE(IsPinned(newer->commit()));
}

TEST_F(KeepTest, PinsAndLocksEndWithTheirProcess) {
  CommitId commit;
  {
    auto repository = Open();
    ASSERT_TRUE(txn::testing::CommitRows(repository, "t", Numbered(0, 3), false).has_value());
    commit = ViewOfBranch(*repository).value()->commit();
  }
  std::shared_ptr<const txn::View> view;
  std::unique_ptr<txn::Transaction> transaction;
  io::WaitingChild child([&] {
    auto repository = Open();
    view = ViewOfBranch(*repository).value();
    transaction = txn::Transaction::Begin(repository, txn::kMainBranch).value();
  });
  EXPECT_TRUE(IsPinned(commit));
  EXPECT_FALSE(CollectorMayStart());
  child.Kill();
  EXPECT_FALSE(IsPinned(commit));
  EXPECT_TRUE(CollectorMayStart());
}

}  // namespace
}  // namespace rhizo::tests
