// The operating system's files. Stateless and thread-safe. Descriptors are close-on-exec; what is
// created has mode 0666 (directories 0777) less the umask. Calls that a signal interrupted go on.
#pragma once

#include "io/file_system.h"

namespace rhizo::io {

class PosixFileSystem final : public FileSystem {
 public:
  Result<std::unique_ptr<File>> OpenForReading(const std::string& path) override;
  Result<std::unique_ptr<File>> CreateExclusive(const std::string& path) override;
  Status RenameWithoutReplacing(const std::string& from, const std::string& to) override;
  Status RenameReplacing(const std::string& from, const std::string& to) override;
  Status SyncDirectory(const std::string& path) override;
  Status SyncAll(const std::string& path) override;
  Status Remove(const std::string& path) override;
  Result<std::vector<std::string>> List(const std::string& path) override;
  Status CreateDirectory(const std::string& path) override;
  Result<FileInfo> Stat(const std::string& path) override;
};

// What RenameWithoutReplacing does where the kernel or file system has no RENAME_NOREPLACE: link,
// then unlink. A crash between leaves both names, which readers of content-addressed files survive.
Status RenameByLinking(const std::string& from, const std::string& to);

}  // namespace rhizo::io
