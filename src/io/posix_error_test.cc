#include "io/posix_error.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace rhizo::io {
namespace {

ErrorCode Code(int error_number, Intent intent = Intent::kWrite) {
  return PosixError(error_number, intent, "writing", "/x").code();
}

TEST(PosixError, FullDisksAndQuotasAreDiskFull) {
  EXPECT_EQ(Code(ENOSPC), ErrorCode::kDiskFull);
  EXPECT_EQ(Code(EDQUOT), ErrorCode::kDiskFull);
}

TEST(PosixError, ARefusalIsReadOnlyForWritersAndIoForReaders) {
  EXPECT_EQ(Code(EACCES), ErrorCode::kReadOnly);
  EXPECT_EQ(Code(EROFS), ErrorCode::kReadOnly);
  EXPECT_EQ(Code(EACCES, Intent::kRead), ErrorCode::kIo);
}

TEST(PosixError, WhatIsMissingIsNotFoundAndTheRestIsIo) {
  EXPECT_EQ(Code(ENOENT), ErrorCode::kObjectNotFound);
  EXPECT_EQ(Code(EEXIST), ErrorCode::kAlreadyExists);
  EXPECT_EQ(Code(EIO), ErrorCode::kIo);
  EXPECT_EQ(Code(EMFILE), ErrorCode::kIo);
}

TEST(PosixError, MessagesSayWhatWasDoneToWhatWithoutTheAbsolutePath) {
  Error error = PosixError(ENOSPC, Intent::kWrite, "creating", "/srv/secret/data/tmp/17");
  EXPECT_EQ(error.message(), "creating tmp/17: No space left on device");
}

}  // namespace
}  // namespace rhizo::io
