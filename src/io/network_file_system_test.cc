#include "io/network_file_system.h"

#include <gtest/gtest.h>

namespace rhizo::io {
namespace {

TEST(NetworkFileSystem, SharedFileSystemsCountAndLocalOnesDoNot) {
  EXPECT_TRUE(IsNetworkFileSystemType(0x6969, ""));       // NFS
  EXPECT_TRUE(IsNetworkFileSystemType(0xFF534D42, ""));   // CIFS
  EXPECT_TRUE(IsNetworkFileSystemType(0xFE534D42, ""));   // SMB2
  EXPECT_TRUE(IsNetworkFileSystemType(0x01021997, ""));   // 9p
  EXPECT_TRUE(IsNetworkFileSystemType(0x5346414F, ""));   // AFS
  EXPECT_TRUE(IsNetworkFileSystemType(0x00c36400, ""));   // Ceph
  EXPECT_FALSE(IsNetworkFileSystemType(0xEF53, ""));      // ext4
  EXPECT_FALSE(IsNetworkFileSystemType(0x58465342, ""));  // XFS
  EXPECT_FALSE(IsNetworkFileSystemType(0x9123683E, ""));  // btrfs
  EXPECT_FALSE(IsNetworkFileSystemType(0x794c7630, ""));  // overlay
  EXPECT_FALSE(IsNetworkFileSystemType(0x01021994, ""));  // tmpfs
}

TEST(NetworkFileSystem, FuseIsNetworkUnlessKnownToBeLocal) {
  constexpr uint64_t kFuse = 0x65735546;
  EXPECT_TRUE(IsNetworkFileSystemType(kFuse, "fuse.sshfs"));
  EXPECT_TRUE(IsNetworkFileSystemType(kFuse, "fuse.s3fs"));
  EXPECT_TRUE(IsNetworkFileSystemType(kFuse, "virtiofs"));
  EXPECT_TRUE(IsNetworkFileSystemType(kFuse, ""));
  EXPECT_FALSE(IsNetworkFileSystemType(kFuse, "fuse.fuse-overlayfs"));
  EXPECT_FALSE(IsNetworkFileSystemType(kFuse, "fuseblk"));
}

TEST(NetworkFileSystem, ProcIsLocalAndAMissingPathIsAnError) {
  EXPECT_FALSE(IsNetworkFileSystem("/proc").value());
  EXPECT_FALSE(IsNetworkFileSystem("/nowhere/at/all").has_value());
}

}  // namespace
}  // namespace rhizo::io
