// A file system in memory, for tests. Thread-safe. Nothing in it is durable: syncs do nothing.
#pragma once

#include <map>
#include <mutex>
#include <set>

#include "io/file_system.h"

namespace rhizo::io {

class MemoryFileSystem final : public FileSystem {
 public:
  // The root directory exists.
  MemoryFileSystem() : directories_{"/"} {}

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

  // Puts `bytes` in place of the content of an existing file: bit rot, truncation.
  void Spoil(const std::string& path, std::string bytes);

 private:
  struct Content {
    std::mutex mutex;
    std::string bytes;
  };
  class OpenFile;

  bool Exists(const std::string& path) const;
  Status CheckDirectory(const std::string& path) const;

  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Content>> files_;
  std::set<std::string> directories_;
};

}  // namespace rhizo::io
