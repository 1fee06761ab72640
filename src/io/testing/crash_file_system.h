// A FileSystem on a CrashDisk. Several may share one disk. Thread-safe.
#pragma once

#include <atomic>
#include <memory>

#include "io/file_system.h"
#include "io/testing/crash_disk.h"

namespace rhizo::io {

class CrashFileSystem final : public FileSystem {
 public:
  explicit CrashFileSystem(std::shared_ptr<CrashDisk> disk) : disk_(std::move(disk)) {}

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

  // The n-th sync of a file from now (the first is 0) reports failure, and nobody can make durable
  // any more what it should have written.
  void FailSyncOfFile(int n) { syncs_until_failure_ = n; }

  CrashDisk& disk() { return *disk_; }

 private:
  class OpenFile;

  const std::shared_ptr<CrashDisk> disk_;
  std::atomic<int> syncs_until_failure_ = -1;
};

}  // namespace rhizo::io
