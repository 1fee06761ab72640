// Many tables, many commits: a commit writes and a reader reads what it needs, not what there is.
// Times are printed, never judged.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <map>

#include "base/testing/scale.h"
#include "io/testing/temporary_directory.h"
#include "support/database_model.h"
#include "txn/ref_resolver.h"

namespace rhizo::tests {
namespace {

class ManyTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }

  void Open() {
    repository_.reset();
    auto opened = txn::Repository::Open(directory_.Path("db"), {});
    ASSERT_TRUE(opened.has_value()) << opened.error().message();
    repository_ = *opened;
  }

  void CreateTables(int from, int to) {
    constexpr int kAtOnce = 200;
    for (int first = from; first < to; first += kAtOnce) {
      auto transaction = txn::Transaction::Begin(repository_, txn::kMainBranch).value();
      for (int i = first; i < std::min(first + kAtOnce, to); ++i) {
        ASSERT_TRUE(
            transaction->CreateTable(Name("t" + std::to_string(i)), txn::testing::TwoColumns()));
      }
      ASSERT_TRUE(repository_->committer().Commit(*transaction, {}).has_value());
    }
  }

  struct Cost {
    size_t objects = 0;
    uint64_t bytes = 0;
    double micros = 0;
  };
  std::map<ObjectId, uint64_t> Objects() {
    std::map<ObjectId, uint64_t> objects;
    EXPECT_TRUE(repository_->meta().ListObjects([&](const ObjectId& id, uint64_t size) {
      objects[id] = size;
      return true;
    }));
    return objects;
  }

  Cost CostOfOneCommit(const std::string& table) {
    constexpr int kCommits = 20;
    auto before = Objects();
    auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kCommits; ++i) {
      EXPECT_TRUE(txn::testing::CommitRows(repository_, table, Numbered(i, 1), true));
    }
    std::chrono::duration<double, std::micro> passed = std::chrono::steady_clock::now() - start;
    Cost cost;
    for (const auto& [id, size] : Objects()) {
      if (before.contains(id)) continue;
      ++cost.objects;
      cost.bytes += size;
    }
    return {cost.objects / kCommits, cost.bytes / kCommits, passed.count() / kCommits};
  }

  io::TemporaryDirectory directory_;
  std::shared_ptr<txn::Repository> repository_;
};

TEST_F(ManyTest, ACommitAmongTenThousandTablesWritesHardlyMoreThanAmongTen) {
  CreateTables(0, 10);
  Cost among_ten = CostOfOneCommit("t3");
  CreateTables(10, 10'000);
  Cost among_all = CostOfOneCommit("t5000");
  std::printf(
      "10 tables: %zu objects, %lu bytes, %.0f us; 10,000: %zu objects, %lu bytes, %.0f us\n",
      among_ten.objects, static_cast<unsigned long>(among_ten.bytes), among_ten.micros,
      among_all.objects, static_cast<unsigned long>(among_all.bytes), among_all.micros);
  EXPECT_LE(among_all.objects, among_ten.objects + 4);
  EXPECT_LE(among_all.bytes, among_ten.bytes + 8'000);
  Open();
  auto view = ViewOfBranch(*repository_).value();
  EXPECT_EQ(view->ListTables().value().size(), 10'000u);
  EXPECT_EQ(Read(*view, "t3").value(), Numbered(0, 20));
  EXPECT_EQ(Read(*view, "t5000").value(), Numbered(0, 20));
  EXPECT_EQ(Read(*view, "T9999").value(), Rows());
  auto transaction = txn::Transaction::Begin(repository_, txn::kMainBranch).value();
  auto twin = transaction->CreateTable(Name("T77"), txn::testing::TwoColumns());
  ASSERT_FALSE(twin.has_value());
  EXPECT_EQ(twin.error().code(), ErrorCode::kAlreadyExists);
}

TEST_F(ManyTest, EveryOneOfManyVersionsIsReadBack) {
  const auto commits = static_cast<int64_t>(Scaled(5'000));
  ASSERT_TRUE(txn::testing::CommitRows(repository_, "t", {}, false).has_value());
  auto start = std::chrono::steady_clock::now();
  for (int64_t i = 0; i < commits; ++i) {
    ASSERT_TRUE(txn::testing::CommitRows(repository_, "t", Numbered(i, 1), true).has_value());
  }
  std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
  Open();
  auto head = ViewOfBranch(*repository_).value();
  auto id = head->FindTable(Name("t")).value()->state().id;
  std::printf(
      "%ld commits, %.0f a second, %.0f bytes each; %lu entries in the table\n",
      static_cast<long>(commits), static_cast<double>(commits) / passed.count(),
      static_cast<double>(repository_->meta().SizeBytes().value()) / static_cast<double>(commits),
      static_cast<unsigned long>(head->FindTable(Name("t")).value()->state().entries));
  EXPECT_EQ(repository_->meta().LastVersion(id).value(), static_cast<uint64_t>(commits + 1));
  for (int64_t rows = commits; rows > 0; rows /= 2) {
    auto version =
        txn::FindVersion(*repository_, id, "t", static_cast<uint64_t>(rows + 1), head->commit());
    ASSERT_TRUE(version.has_value()) << version.error().message();
    EXPECT_EQ(Read(**repository_->ViewOf(version->commit), "t").value(), Numbered(0, rows));
  }
}

TEST_F(ManyTest, AnOpenReaderAndAnOpenTransactionKeepTheirSnapshotWhileOthersWrite) {
  ASSERT_TRUE(txn::testing::CommitRows(repository_, "t", Numbered(0, 10), false).has_value());
  auto view = ViewOfBranch(*repository_).value();
  auto late = txn::Transaction::Begin(repository_, txn::kMainBranch).value();
  ASSERT_TRUE(Append(*late, "t", Numbered(777, 1)).has_value());
  const auto commits = static_cast<int64_t>(Scaled(1'000));
  for (int64_t i = 0; i < commits; ++i) {
    ASSERT_TRUE(txn::testing::CommitRows(repository_, "t", Numbered(i, 1), i % 50 != 0));
  }
  EXPECT_EQ(Read(*view, "t").value(), Numbered(0, 10));
  ASSERT_TRUE(repository_->committer().Commit(*late, {}).has_value());
  auto rows = Read(*ViewOfBranch(*repository_).value(), "t").value();
  EXPECT_EQ(Rows({rows.back()}), Numbered(777, 1));
}

}  // namespace
}  // namespace rhizo::tests
