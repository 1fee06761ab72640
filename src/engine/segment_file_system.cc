#include "engine/segment_file_system.h"

#include <cstring>

#include "engine/errors.h"

namespace rhizo::engine {
namespace {

thread_local SegmentSource* current_source = nullptr;

[[noreturn]] void Refuse() {
  throw duckdb::PermissionException("%s files belong to the database and cannot be opened by name",
                                    kSegmentScheme);
}

SegmentSource& Source() {
  if (current_source == nullptr) Refuse();
  return *current_source;
}

ObjectId ParsePath(const std::string& path) {
  auto id = ObjectId::Parse(std::string_view(path).substr(std::strlen(kSegmentScheme)));
  if (!id) Refuse();
  return *id;
}

class SegmentHandle final : public duckdb::FileHandle {
 public:
  SegmentHandle(duckdb::FileSystem& file_system, const std::string& path,
                duckdb::FileOpenFlags flags, ObjectId id, uint64_t size)
      : FileHandle(file_system, path, flags), id(id), size(size) {}
  void Close() override {}

  const ObjectId id;
  const uint64_t size;
  uint64_t position = 0;
};

class SegmentFileSystem final : public duckdb::FileSystem {
 public:
  std::string GetName() const override { return "RhizoSegments"; }
  bool CanHandleFile(const std::string& path) override { return path.starts_with(kSegmentScheme); }
  bool CanSeek() override { return true; }
  bool OnDiskFile(duckdb::FileHandle&) override { return true; }
  void Seek(duckdb::FileHandle& handle, duckdb::idx_t location) override {
    handle.Cast<SegmentHandle>().position = location;
  }
  duckdb::idx_t SeekPosition(duckdb::FileHandle& handle) override {
    return handle.Cast<SegmentHandle>().position;
  }
  // Objects never change, so any constant says "not modified".
  duckdb::timestamp_t GetLastModifiedTime(duckdb::FileHandle&) override {
    return duckdb::timestamp_t(0);
  }
  duckdb::string GetVersionTag(duckdb::FileHandle&) override { return "1"; }
  duckdb::FileType GetFileType(duckdb::FileHandle&) override {
    return duckdb::FileType::FILE_TYPE_REGULAR;
  }
  int64_t GetFileSize(duckdb::FileHandle& handle) override {
    return static_cast<int64_t>(handle.Cast<SegmentHandle>().size);
  }
  bool FileExists(const std::string&, duckdb::optional_ptr<duckdb::FileOpener>) override {
    return current_source != nullptr;
  }
  bool DirectoryExists(const std::string&, duckdb::optional_ptr<duckdb::FileOpener>) override {
    return false;
  }
  duckdb::vector<duckdb::OpenFileInfo> Glob(const std::string&, duckdb::FileOpener*) override {
    Refuse();
  }

  duckdb::unique_ptr<duckdb::FileHandle> OpenFile(
      const std::string& path, duckdb::FileOpenFlags flags,
      duckdb::optional_ptr<duckdb::FileOpener>) override {
    auto& source = Source();
    if (flags.OpenForWriting()) Refuse();
    auto id = ParsePath(path);
    uint64_t size = ValueOrThrow(source.Size(id));
    return duckdb::make_uniq<SegmentHandle>(*this, path, flags, id, size);
  }

  void Read(duckdb::FileHandle& handle, void* buffer, int64_t size,
            duckdb::idx_t location) override {
    auto& segment = handle.Cast<SegmentHandle>();
    std::span<char> out(static_cast<char*>(buffer), static_cast<size_t>(size));
    if (location > segment.size || out.size() > segment.size - location) {
      ThrowError(Corruption("segment " + segment.id.Short() + " is shorter than its footer says"));
    }
    ThrowIfError(Source().ReadAt(segment.id, location, out));
  }

  int64_t Read(duckdb::FileHandle& handle, void* buffer, int64_t size) override {
    auto& segment = handle.Cast<SegmentHandle>();
    uint64_t left = segment.size - std::min(segment.position, segment.size);
    auto take = static_cast<int64_t>(std::min<uint64_t>(left, static_cast<uint64_t>(size)));
    if (take > 0) Read(handle, buffer, take, segment.position);
    segment.position += static_cast<uint64_t>(take);
    return take;
  }
};

}  // namespace

SegmentAccess::SegmentAccess(SegmentSource* source) : outer_(current_source) {
  current_source = source;
}

SegmentAccess::~SegmentAccess() { current_source = outer_; }

std::string SegmentPath(const ObjectId& id) { return kSegmentScheme + id.ToString(); }

duckdb::unique_ptr<duckdb::FileSystem> MakeSegmentFileSystem() {
  return duckdb::make_uniq<SegmentFileSystem>();
}

}  // namespace rhizo::engine
