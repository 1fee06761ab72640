// Rows changed one by one and columns altered, through the public C++ interface.
#include <gtest/gtest.h>

#include "db/core.h"
#include "io/testing/temporary_directory.h"
#include "rhizo/rhizo.h"
#include "txn/testing/rows.h"

namespace rhizo {
namespace {

using txn::testing::CommitRows;
using txn::testing::Numbered;

class SessionRowsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto core = db::Core::Open(path_, {});
    ASSERT_TRUE(core.has_value());
    ASSERT_TRUE(CommitRows((*core)->shared_repository(), "t", Numbered(0, 10), false).has_value());
    auto opened = Database::Open(path_, {});
    ASSERT_TRUE(opened.has_value()) << opened.error().message();
    db_.emplace(*std::move(opened));
  }

  io::TemporaryDirectory directory_;
  const std::string path_ = directory_.path() + "/db";
  std::optional<Database> db_;
};

TEST_F(SessionRowsTest, UpdateAndDeleteCountTheRowsTheyFind) {
  auto updated = db_->Update("t", {{"s", "s || '!'"}}, "n < 4");
  ASSERT_TRUE(updated.has_value()) << updated.error().message();
  EXPECT_EQ(updated->rows_updated, 4u);
  auto again = db_->Update("t", {{"s", "s"}}, "n < 4");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->rows_unchanged, 4u);
  EXPECT_FALSE(again->changed);
  auto deleted = db_->Delete("t", "n % 2 = 0");
  ASSERT_TRUE(deleted.has_value()) << deleted.error().message();
  EXPECT_EQ(deleted->rows_deleted, 5u);
  EXPECT_EQ(db_->Info("t")->rows, 5u);
  EXPECT_EQ(db_->Info("t", "1")->rows, 10u);
  EXPECT_EQ(db_->Truncate("t")->rows_deleted, 5u);
}

TEST_F(SessionRowsTest, AKeyIsCheckedWhenItIsSetAndKeptFromThenOn) {
  auto set = db_->SetKey("t", {"n"});
  ASSERT_TRUE(set.has_value()) << set.error().message();
  EXPECT_EQ(db_->Info("t")->key, std::vector<std::string>{"n"});
  auto twice = db_->Update("t", {{"n", "7"}}, "n < 2");
  ASSERT_FALSE(twice.has_value());
  EXPECT_EQ(twice.error().code(), ErrorCode::kConstraint);
  auto unknown = db_->SetKey("t", {"m"});
  ASSERT_FALSE(unknown.has_value());
  EXPECT_EQ(unknown.error().code(), ErrorCode::kSchema);
}

TEST_F(SessionRowsTest, AlterChangesColumnsAndLeavesOlderVersionsAsTheyWere) {
  auto before = db_->Fingerprint("t");
  Alteration alteration;
  alteration.rename = {{"s", "text"}};
  alteration.add_checks = {"n >= 0"};
  auto altered = db_->Alter("t", alteration);
  ASSERT_TRUE(altered.has_value()) << altered.error().message();
  EXPECT_EQ(db_->Info("t")->columns[1].name, "text");
  EXPECT_EQ(db_->Info("t", "1")->columns[1].name, "s");
  EXPECT_EQ(*db_->Fingerprint("t", "1"), *before);
  EXPECT_NE(*db_->Fingerprint("t"), *before);
  auto broken = db_->Update("t", {{"n", "-n"}});
  ASSERT_FALSE(broken.has_value());
  EXPECT_EQ(broken.error().code(), ErrorCode::kConstraint);
}

TEST_F(SessionRowsTest, ATransactionHoldsChangesOfRowsTogether) {
  auto transaction = db_->Begin();
  ASSERT_TRUE(transaction.has_value());
  ASSERT_TRUE(db_->Update("t", {{"s", "'x'"}}, "n = 1").has_value());
  ASSERT_TRUE(db_->Delete("t", "n = 2").has_value());
  ASSERT_TRUE(transaction->Rollback().has_value());
  EXPECT_EQ(db_->Info("t")->rows, 10u);
}

}  // namespace
}  // namespace rhizo
