// The file system seam. Two kinds of implementation: POSIX, and doubles for tests (memory, fault
// injecting, recording). Paths are absolute or relative to the process; implementations are
// thread-safe, a File is used by one thread at a time (ReadAt may be called by several).
// A path whose file or directory is missing is kObjectNotFound, a full disk kDiskFull, a place that
// may not be written kReadOnly, the rest kIo. Contract suite: io/testing/file_system_contract.h.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rhizo::io {

// An open file. The destructor closes without reporting; call Close() where failure matters.
class File {
 public:
  virtual ~File() = default;
  // Reads up to out.size() bytes at `offset`; fewer only at the end of the file.
  virtual Result<size_t> ReadAt(uint64_t offset, std::span<char> out) = 0;
  // Writes all of `bytes` at the end (a loop over short writes and EINTR), or fails.
  virtual Status Append(std::string_view bytes) = 0;
  // Makes content and length durable. After a failure the file is worthless: never sync it again.
  virtual Status Sync() = 0;
  virtual Result<uint64_t> Size() = 0;
  virtual Status Close() = 0;
};

struct FileInfo {
  uint64_t size_bytes = 0;
  bool is_directory = false;
  // Which file it is, whatever its name; zero where nobody can say.
  uint64_t device = 0;
  uint64_t inode = 0;
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual Result<std::unique_ptr<File>> OpenForReading(const std::string& path) = 0;
  // Fails with kAlreadyExists if anything of that name is there (O_CREAT|O_EXCL).
  virtual Result<std::unique_ptr<File>> CreateExclusive(const std::string& path) = 0;
  // Atomic; kAlreadyExists if `to` exists (renameat2 RENAME_NOREPLACE, or link+unlink).
  virtual Status RenameWithoutReplacing(const std::string& from, const std::string& to) = 0;
  // Atomic; a file of the name `to` is gone. Only for putting the same content over a doubtful
  // file.
  virtual Status RenameReplacing(const std::string& from, const std::string& to) = 0;
  // Makes creations, renames and removals in the directory durable.
  virtual Status SyncDirectory(const std::string& path) = 0;
  // Makes everything ever written to the file system that holds `path` durable (syncfs).
  virtual Status SyncAll(const std::string& path) = 0;
  // Removes a file, not a directory. Open files stay readable.
  virtual Status Remove(const std::string& path) = 0;
  // Names, without "." and "..", in no order.
  virtual Result<std::vector<std::string>> List(const std::string& path) = 0;
  virtual Status CreateDirectory(const std::string& path) = 0;
  // kObjectNotFound if nothing of that name is there.
  virtual Result<FileInfo> Stat(const std::string& path) = 0;
};

}  // namespace rhizo::io
