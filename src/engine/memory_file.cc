#include "engine/memory_file.h"

namespace rhizo::engine {
namespace {

class Handle final : public duckdb::FileHandle {
 public:
  using FileHandle::FileHandle;
  void Close() override {}
};

}  // namespace

duckdb::unique_ptr<duckdb::FileHandle> MemoryFile::OpenFile(
    const std::string& path, duckdb::FileOpenFlags flags,
    duckdb::optional_ptr<duckdb::FileOpener> opener) {
  return duckdb::make_uniq<Handle>(*this, path, flags);
}

int64_t MemoryFile::Write(duckdb::FileHandle& handle, void* buffer, int64_t size) {
  bytes_.append(static_cast<const char*>(buffer), static_cast<size_t>(size));
  return size;
}

}  // namespace rhizo::engine
