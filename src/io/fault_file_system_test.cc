#include "io/testing/fault_file_system.h"

#include "io/testing/file_system_contract.h"
#include "io/testing/memory_file_system.h"

namespace rhizo::io {
namespace {

struct FaultFixture {
  FaultFixture() { CHECK(faults.CreateDirectory("/deep").has_value()); }
  FileSystem& fs() { return faults; }
  std::string Path(const std::string& name) { return "/deep/" + name; }
  FaultFileSystem faults{std::make_shared<MemoryFileSystem>()};
};

INSTANTIATE_TYPED_TEST_SUITE_P(Fault, FileSystemContract, FaultFixture);

TEST(FaultFileSystem, TheNthCallOfAKindFailsOnce) {
  FaultFixture f;
  f.faults.Fail({.call = FileCall::kStat, .nth = 1});
  EXPECT_TRUE(f.faults.Stat("/").has_value());
  EXPECT_TRUE(f.faults.List("/").has_value());
  EXPECT_TRUE(FailedWith(ErrorCode::kIo, f.faults.Stat("/")));
  EXPECT_TRUE(f.faults.Stat("/").has_value());
  EXPECT_EQ(f.faults.failures(), 1);
}

TEST(FaultFileSystem, OrItAndAllLaterOnesFail) {
  FaultFixture f;
  f.faults.Fail({.nth = 1, .for_ever = true, .code = ErrorCode::kReadOnly});
  EXPECT_TRUE(f.faults.Stat("/").has_value());
  EXPECT_TRUE(FailedWith(ErrorCode::kReadOnly, f.faults.List("/")));
  EXPECT_TRUE(FailedWith(ErrorCode::kReadOnly, f.faults.Stat("/")));
  f.faults.Heal();
  EXPECT_TRUE(f.faults.Stat("/").has_value());
}

TEST(FaultFileSystem, AFailedAppendLeavesHalf) {
  FaultFixture f;
  auto file = f.faults.CreateExclusive("/f").value();
  f.faults.Fail({.call = FileCall::kAppend});
  EXPECT_FALSE(file->Append("0123").has_value());
  EXPECT_EQ(f.faults.Stat("/f").value().size_bytes, 2u);
}

TEST(FaultFileSystem, AnAnswerCanBeLostAfterTheEffect) {
  FaultFixture f;
  ASSERT_TRUE(f.faults.CreateExclusive("/a").has_value());
  f.faults.Fail({.call = FileCall::kRename, .after_effect = true});
  EXPECT_FALSE(f.faults.RenameWithoutReplacing("/a", "/b").has_value());
  EXPECT_TRUE(f.faults.Stat("/b").has_value());
}

TEST(FaultFileSystem, ALimitedDiskTakesWhatFitsAndThenNothing) {
  FaultFixture f;
  auto file = f.faults.CreateExclusive("/f").value();
  f.faults.LimitBytes(5);
  EXPECT_TRUE(file->Append("012").has_value());
  EXPECT_TRUE(FailedWith(ErrorCode::kDiskFull, file->Append("345")));
  EXPECT_EQ(file->Size().value(), 5u);
  EXPECT_TRUE(FailedWith(ErrorCode::kDiskFull, f.faults.CreateExclusive("/g")));
  EXPECT_TRUE(FailedWith(ErrorCode::kDiskFull, f.faults.CreateDirectory("/h")));
  EXPECT_TRUE(f.faults.Remove("/f").has_value());
}

TEST(FaultFileSystem, CallsAreCountedByKind) {
  FaultFixture f;
  const int before = f.faults.calls();
  EXPECT_TRUE(f.faults.Stat("/").has_value());
  EXPECT_TRUE(f.faults.Stat("/").has_value());
  EXPECT_TRUE(f.faults.List("/").has_value());
  EXPECT_EQ(f.faults.calls(), before + 3);
  EXPECT_EQ(f.faults.calls(FileCall::kStat), 2);
}

}  // namespace
}  // namespace rhizo::io
