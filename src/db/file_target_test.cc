#include "db/file_target.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "io/testing/temporary_directory.h"

namespace rhizo::db {
namespace {

namespace fs = std::filesystem;

class FileTargetTest : public testing::Test {
 protected:
  FileTargetTest() { fs::create_directory(directory_ / "database"); }

  Result<FileTarget> Create(const std::string& name, bool overwrite = false) {
    return FileTarget::Create((directory_ / name).string(), overwrite,
                              (directory_ / "database").string());
  }
  void Write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }
  std::string Read(const std::string& name) {
    std::ifstream file(directory_ / name);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  size_t CountFiles() {
    return std::distance(fs::directory_iterator(directory_), fs::directory_iterator()) - 1u;
  }

  const io::TemporaryDirectory temporary_;
  const fs::path directory_ = temporary_.path();
};

TEST_F(FileTargetTest, TheNameAppearsWithThePublishedContent) {
  auto target = Create("out.csv");
  ASSERT_TRUE(target.has_value());
  Write(target->temporary_path(), "rows");
  EXPECT_FALSE(fs::exists(directory_ / "out.csv"));
  ASSERT_TRUE(target->Publish().has_value());
  EXPECT_EQ(Read("out.csv"), "rows");
  EXPECT_EQ(CountFiles(), 1u);
}

TEST_F(FileTargetTest, WhatIsNotPublishedLeavesNothing) {
  { ASSERT_TRUE(Create("out.csv").has_value()); }
  EXPECT_EQ(CountFiles(), 0u);
}

TEST_F(FileTargetTest, WhatIsThereStaysUnlessItMayBeOverwritten) {
  Write(directory_ / "out.csv", "precious");
  auto refused = Create("out.csv");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::kAlreadyExists);
  auto target = Create("out.csv", true);
  ASSERT_TRUE(target.has_value());
  EXPECT_EQ(Read("out.csv"), "precious");
  ASSERT_TRUE(target->Publish().has_value());
  EXPECT_EQ(Read("out.csv"), "");
}

TEST_F(FileTargetTest, AFileThatAppearedMeanwhileStays) {
  auto target = Create("out.csv");
  ASSERT_TRUE(target.has_value());
  Write(directory_ / "out.csv", "precious");
  auto published = target->Publish();
  ASSERT_FALSE(published.has_value());
  EXPECT_EQ(published.error().code(), ErrorCode::kAlreadyExists);
  EXPECT_EQ(Read("out.csv"), "precious");
}

TEST_F(FileTargetTest, DirectoriesDevicesAndTheDatabaseAreRefused) {
  for (const char* name : {"database", "database/", "database/out.csv", "nowhere/out.csv", ""}) {
    auto target = Create(name, true);
    ASSERT_FALSE(target.has_value()) << name;
    EXPECT_EQ(target.error().code(), ErrorCode::kInvalidArgument) << name;
  }
  EXPECT_FALSE(FileTarget::Create("/dev/null", true, "/nowhere").has_value());
}

TEST_F(FileTargetTest, TheDatabaseIsRecognisedThroughOtherNames) {
  fs::create_directory_symlink(directory_ / "database", directory_ / "link");
  fs::create_directory(directory_ / "database/objects");
  EXPECT_FALSE(Create("link/out.csv").has_value());
  EXPECT_FALSE(Create("link/objects/../objects/out.csv").has_value());
}

}  // namespace
}  // namespace rhizo::db
