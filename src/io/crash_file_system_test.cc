#include "io/testing/crash_file_system.h"

#include "io/testing/file_system_contract.h"

namespace rhizo::io {
namespace {

struct CrashFixture {
  CrashFixture() { CHECK(crash.CreateDirectory("/deep").has_value()); }
  FileSystem& fs() { return crash; }
  std::string Path(const std::string& name) { return "/deep/" + name; }
  CrashFileSystem crash{std::make_shared<CrashDisk>()};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Crash, FileSystemContract, CrashFixture);

TEST(CrashFileSystem, ItsOperationsAreThoseOfTheDisk) {
  CrashFixture fixture;
  auto file = fixture.crash.CreateExclusive("/deep/f").value();
  ASSERT_TRUE(file->Append("abc").has_value());
  CrashRandom random(1);
  EXPECT_TRUE(fixture.crash.disk().Crash(CrashDisk::kExtremeFates[0], random).files.empty());
  ASSERT_TRUE(file->Sync().has_value());
  ASSERT_TRUE(fixture.crash.SyncDirectory("/deep").has_value());
  ASSERT_TRUE(fixture.crash.SyncDirectory("/").has_value());
  DiskImage image = fixture.crash.disk().Crash(CrashDisk::kExtremeFates[0], random);
  EXPECT_EQ(*image.files.at("/deep/f"), "abc");
}

TEST(CrashFileSystem, TheChosenSyncFailsAndTakesTheContentWithIt) {
  CrashFixture fixture;
  auto file = fixture.crash.CreateExclusive("/deep/f").value();
  fixture.crash.FailSyncOfFile(1);
  EXPECT_TRUE(file->Sync().has_value());
  ASSERT_TRUE(file->Append("abc").has_value());
  EXPECT_FALSE(file->Sync().has_value());
  EXPECT_TRUE(file->Sync().has_value());
  ASSERT_TRUE(fixture.crash.SyncDirectory("/deep").has_value());
  ASSERT_TRUE(fixture.crash.SyncDirectory("/").has_value());
  CrashRandom random(1);
  EXPECT_EQ(*fixture.crash.disk().Crash(random).files.at("/deep/f"), "");
}

}  // namespace
}  // namespace rhizo::io
