// Whether a path lies on a file system that several machines may share. Their locks and syncs do
// not keep our promises, so databases there are not opened for writing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rhizo::io {

Result<bool> IsNetworkFileSystem(const std::string& path);

// By the magic number of statfs(2) and the type's name in /proc/self/mountinfo, which is looked at
// for FUSE only ("fuse.sshfs"). FUSE file systems not known to be local count as network.
bool IsNetworkFileSystemType(uint64_t magic, std::string_view type_name);

}  // namespace rhizo::io
