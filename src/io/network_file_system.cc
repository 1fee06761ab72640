#include "io/network_file_system.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <sstream>

#include "io/posix_error.h"

namespace rhizo::io {
namespace {

constexpr uint64_t kFuse = 0x65735546;

constexpr std::array<uint64_t, 17> kNetworkMagics = {
    NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, CIFS_SUPER_MAGIC, SMB2_SUPER_MAGIC, NCP_SUPER_MAGIC,
    AFS_SUPER_MAGIC, AFS_FS_MAGIC,    CODA_SUPER_MAGIC, V9FS_MAGIC,       CEPH_SUPER_MAGIC,
    0x6B414653,  // kAFS
    0x0BD00BD0,  // Lustre
    0x47504653,  // GPFS
    0x01161970,  // GFS2
    0x7461636F,  // OCFS2
    0xAAD7AAEA,  // PanFS
    0xBACBACBC,  // VMware shared folders
};

constexpr std::array<std::string_view, 9> kLocalFuseTypes = {
    "fuseblk",    "fuse.fuse-overlayfs", "fuse.mergerfs", "fuse.bindfs", "fuse.gocryptfs",
    "fuse.encfs", "fuse.ntfs-3g",        "fuse.ext2fs",   "fuse.portal",
};

// mountinfo: id parent major:minor root mountpoint options... - type source superoptions
std::string TypeOfLine(const std::string& line, const std::string& device) {
  std::istringstream words(line);
  std::string id, parent, line_device, word, type;
  words >> id >> parent >> line_device;
  if (line_device != device) return "";
  while (words >> word && word != "-") {
  }
  words >> type;
  return type;
}

std::string MountTypeOf(dev_t device) {
  const std::string name = std::to_string(major(device)) + ":" + std::to_string(minor(device));
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    if (std::string type = TypeOfLine(line, name); !type.empty()) return type;
  }
  return "";
}

}  // namespace

bool IsNetworkFileSystemType(uint64_t magic, std::string_view type_name) {
  if (magic == kFuse) return std::ranges::find(kLocalFuseTypes, type_name) == kLocalFuseTypes.end();
  return std::ranges::find(kNetworkMagics, magic) != kNetworkMagics.end();
}

Result<bool> IsNetworkFileSystem(const std::string& path) {
  struct statfs info;
  if (statfs(path.c_str(), &info) != 0) return PosixError(errno, Intent::kRead, "looking at", path);
  const auto magic = static_cast<uint32_t>(info.f_type);
  if (magic != kFuse) return IsNetworkFileSystemType(magic, "");
  struct stat file;
  if (stat(path.c_str(), &file) != 0) return PosixError(errno, Intent::kRead, "looking at", path);
  return IsNetworkFileSystemType(magic, MountTypeOf(file.st_dev));
}

}  // namespace rhizo::io
