#include "io/posix_file_system.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "io/testing/file_system_contract.h"
#include "io/testing/temporary_directory.h"

namespace rhizo::io {
namespace {

struct PosixFixture {
  FileSystem& fs() { return posix; }
  std::string Path(const std::string& name) { return directory.Path(name); }
  TemporaryDirectory directory{Medium::kDisk};
  PosixFileSystem posix;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Posix, FileSystemContract, PosixFixture);

mode_t ModeOf(const std::string& path) {
  struct stat info;
  CHECK(stat(path.c_str(), &info) == 0);
  return info.st_mode & 0777;
}

TEST(PosixFileSystem, TheUmaskDecidesWhoMayRead) {
  PosixFixture fixture;
  mode_t before = umask(027);
  auto file = fixture.posix.CreateExclusive(fixture.Path("f"));
  auto directory = fixture.posix.CreateDirectory(fixture.Path("d"));
  umask(before);
  ASSERT_TRUE(file.has_value());
  ASSERT_TRUE(directory.has_value());
  EXPECT_EQ(ModeOf(fixture.Path("f")), 0640u);
  EXPECT_EQ(ModeOf(fixture.Path("d")), 0750u);
}

TEST(PosixFileSystem, DescriptorsAreNotInheritedByOtherPrograms) {
  PosixFixture fixture;
  auto file = fixture.posix.CreateExclusive(fixture.Path("f")).value();
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    auto target = std::filesystem::read_symlink(entry.path(), gone);
    if (gone || target != fixture.Path("f")) continue;
    int descriptor = std::stoi(entry.path().filename());
    EXPECT_TRUE(fcntl(descriptor, F_GETFD) & FD_CLOEXEC);
    return;
  }
  ADD_FAILURE() << "the descriptor was not found";
}

// No file grows beyond so much while it lives; what is written up to there is written.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    signal_before_ = std::signal(SIGXFSZ, SIG_IGN);
    CHECK(getrlimit(RLIMIT_FSIZE, &before_) == 0);
    const rlimit limit{bytes, before_.rlim_max};
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, signal_before_);
  }

 private:
  rlimit before_;
  sighandler_t signal_before_;
};

TEST(PosixFileSystem, AWriteThatEndsEarlyIsGoneOnWithOrFails) {
  PosixFixture fixture;
  auto file = fixture.posix.CreateExclusive(fixture.Path("f")).value();
  Status written;
  {
    FileSizeLimit limit(100);
    written = file->Append(std::string(200, 'x'));
  }
  EXPECT_FALSE(written.has_value());
}

TEST(PosixFileSystem, RenamingByLinkingDoesNotReplaceEither) {
  PosixFixture fixture;
  ASSERT_TRUE(fixture.posix.CreateExclusive(fixture.Path("a")).value()->Append("a").has_value());
  ASSERT_TRUE(fixture.posix.CreateExclusive(fixture.Path("b")).value()->Append("bb").has_value());
  EXPECT_TRUE(
      FailedWith(ErrorCode::kAlreadyExists, RenameByLinking(fixture.Path("a"), fixture.Path("b"))));
  EXPECT_EQ(fixture.posix.Stat(fixture.Path("b")).value().size_bytes, 2u);
  ASSERT_TRUE(RenameByLinking(fixture.Path("a"), fixture.Path("c")).has_value());
  EXPECT_EQ(fixture.posix.Stat(fixture.Path("c")).value().size_bytes, 1u);
  EXPECT_FALSE(fixture.posix.Stat(fixture.Path("a")).has_value());
}

TEST(PosixFileSystem, AFolderThatMayNotBeWrittenIsReadOnly) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  PosixFixture fixture;
  ASSERT_EQ(chmod(fixture.directory.path().c_str(), 0555), 0);
  EXPECT_TRUE(FailedWith(ErrorCode::kReadOnly, fixture.posix.CreateExclusive(fixture.Path("f"))));
  EXPECT_TRUE(FailedWith(ErrorCode::kReadOnly, fixture.posix.CreateDirectory(fixture.Path("d"))));
  ASSERT_EQ(chmod(fixture.directory.path().c_str(), 0755), 0);
}

}  // namespace
}  // namespace rhizo::io
