#include "db/core.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "io/testing/temporary_directory.h"
#include "txn/testing/rows.h"

namespace rhizo::db {
namespace {

namespace fs = std::filesystem;
using txn::testing::CommitRows;
using txn::testing::Numbered;

TEST(Core, HandlesOnOneDirectoryShareIt) {
  io::TemporaryDirectory directory;
  auto first = Core::Open(directory.path() + "/db", {}).value();
  EXPECT_EQ(Core::Open(directory.path() + "/./db/", {}).value(), first);
}

TEST(Core, ADirectoryThatWasRemovedIsOpenedAnewAndTheOldHandleWritesNoMore) {
  io::TemporaryDirectory directory;
  const std::string path = directory.path() + "/db";
  auto old = Core::Open(path, {}).value();
  ASSERT_TRUE(CommitRows(old->shared_repository(), "t", Numbered(0, 3), false).has_value());
  fs::remove_all(path);
  auto lost = CommitRows(old->shared_repository(), "u", Numbered(0, 3), false);
  ASSERT_FALSE(lost.has_value());
  EXPECT_EQ(lost.error().code(), ErrorCode::kIo);
  EXPECT_FALSE(fs::exists(path));

  auto anew = Core::Open(path, {}).value();
  EXPECT_NE(anew, old);
  ASSERT_TRUE(CommitRows(anew->shared_repository(), "u", Numbered(0, 2), false).has_value());
  EXPECT_FALSE(CommitRows(old->shared_repository(), "v", Numbered(0, 3), false).has_value());
  auto head = anew->repository().meta().ReadRef("main").value()->commit;
  EXPECT_EQ(anew->repository().ViewOf(head).value()->ListTables().value().size(), 1u);
}

}  // namespace
}  // namespace rhizo::db
