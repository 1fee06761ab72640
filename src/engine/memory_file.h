// A file system with one growing file in memory: what ParquetWriter writes a segment to. Any path
// opens it. Not thread-safe.
#pragma once

#include <string>

#include "engine/duckdb_headers.h"

namespace rhizo::engine {

class MemoryFile final : public duckdb::FileSystem {
 public:
  const std::string& bytes() const { return bytes_; }
  std::string Take() && { return std::move(bytes_); }

  duckdb::unique_ptr<duckdb::FileHandle> OpenFile(
      const std::string& path, duckdb::FileOpenFlags flags,
      duckdb::optional_ptr<duckdb::FileOpener> opener = nullptr) override;
  int64_t Write(duckdb::FileHandle& handle, void* buffer, int64_t size) override;
  void FileSync(duckdb::FileHandle&) override {}
  int64_t GetFileSize(duckdb::FileHandle&) override { return static_cast<int64_t>(bytes_.size()); }
  duckdb::idx_t SeekPosition(duckdb::FileHandle&) override { return bytes_.size(); }
  bool CanSeek() override { return false; }
  bool OnDiskFile(duckdb::FileHandle&) override { return false; }
  bool FileExists(const std::string&, duckdb::optional_ptr<duckdb::FileOpener>) override {
    return false;
  }
  std::string GetName() const override { return "RhizoMemoryFile"; }

 private:
  std::string bytes_;
};

}  // namespace rhizo::engine
