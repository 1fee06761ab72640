#include "io/testing/memory_file_system.h"

#include <algorithm>
#include <cstring>

#include "io/path.h"

namespace rhizo::io {
namespace {

Error Missing(const std::string& path) {
  return Error(ErrorCode::kObjectNotFound, ShortPath(path) + " does not exist");
}

Error Taken(const std::string& path) {
  return Error(ErrorCode::kAlreadyExists, ShortPath(path) + " exists");
}

}  // namespace

class MemoryFileSystem::OpenFile final : public File {
 public:
  OpenFile(std::shared_ptr<Content> content, bool writable)
      : content_(std::move(content)), writable_(writable) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<char> out) override {
    if (!content_) return Closed();
    std::lock_guard lock(content_->mutex);
    if (out.empty() || offset >= content_->bytes.size()) return size_t{0};
    size_t count = std::min<size_t>(out.size(), content_->bytes.size() - offset);
    std::memcpy(out.data(), content_->bytes.data() + offset, count);
    return count;
  }

  Status Append(std::string_view bytes) override {
    if (!content_) return Closed();
    if (!writable_) return Error(ErrorCode::kIo, "the file is open for reading");
    std::lock_guard lock(content_->mutex);
    content_->bytes.append(bytes);
    return {};
  }

  Status Sync() override { return content_ ? Status() : Closed(); }

  Result<uint64_t> Size() override {
    if (!content_) return Closed();
    std::lock_guard lock(content_->mutex);
    return content_->bytes.size();
  }

  Status Close() override {
    content_.reset();
    return {};
  }

 private:
  static Error Closed() { return Error(ErrorCode::kClosed, "the file was closed"); }

  std::shared_ptr<Content> content_;
  const bool writable_;
};

bool MemoryFileSystem::Exists(const std::string& path) const {
  return files_.contains(path) || directories_.contains(path);
}

Status MemoryFileSystem::CheckDirectory(const std::string& path) const {
  if (!directories_.contains(path)) return Missing(path);
  return {};
}

Result<std::unique_ptr<File>> MemoryFileSystem::OpenForReading(const std::string& path) {
  std::lock_guard lock(mutex_);
  auto found = files_.find(path);
  if (found == files_.end()) return Missing(path);
  return std::unique_ptr<File>(std::make_unique<OpenFile>(found->second, false));
}

Result<std::unique_ptr<File>> MemoryFileSystem::CreateExclusive(const std::string& path) {
  std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(CheckDirectory(ParentPath(path)));
  if (Exists(path)) return Taken(path);
  auto content = std::make_shared<Content>();
  files_.emplace(path, content);
  return std::unique_ptr<File>(std::make_unique<OpenFile>(content, true));
}

Status MemoryFileSystem::RenameWithoutReplacing(const std::string& from, const std::string& to) {
  {
    std::lock_guard lock(mutex_);
    if (files_.contains(from) && Exists(to)) return Taken(to);
  }
  return RenameReplacing(from, to);
}

Status MemoryFileSystem::RenameReplacing(const std::string& from, const std::string& to) {
  std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(CheckDirectory(ParentPath(to)));
  auto node = files_.extract(from);
  if (node.empty()) return Missing(from);
  files_.insert_or_assign(to, node.mapped());
  return {};
}

Status MemoryFileSystem::SyncDirectory(const std::string& path) {
  std::lock_guard lock(mutex_);
  return CheckDirectory(path);
}

Status MemoryFileSystem::SyncAll(const std::string& path) { return SyncDirectory(path); }

Status MemoryFileSystem::Remove(const std::string& path) {
  std::lock_guard lock(mutex_);
  if (directories_.contains(path))
    return Error(ErrorCode::kIo, ShortPath(path) + " is a directory");
  if (files_.erase(path) == 0) return Missing(path);
  return {};
}

Result<std::vector<std::string>> MemoryFileSystem::List(const std::string& path) {
  std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(CheckDirectory(path));
  std::vector<std::string> names;
  auto add = [&](const std::string& child) {
    if (child != "/" && ParentPath(child) == path)
      names.push_back(child.substr(child.rfind('/') + 1));
  };
  for (const auto& [file, content] : files_) add(file);
  for (const auto& directory : directories_) add(directory);
  return names;
}

Status MemoryFileSystem::CreateDirectory(const std::string& path) {
  std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(CheckDirectory(ParentPath(path)));
  if (Exists(path)) return Taken(path);
  directories_.insert(path);
  return {};
}

Result<FileInfo> MemoryFileSystem::Stat(const std::string& path) {
  std::lock_guard lock(mutex_);
  if (directories_.contains(path)) return FileInfo{.is_directory = true};
  auto found = files_.find(path);
  if (found == files_.end()) return Missing(path);
  std::lock_guard content_lock(found->second->mutex);
  return FileInfo{.size_bytes = found->second->bytes.size()};
}

void MemoryFileSystem::Spoil(const std::string& path, std::string bytes) {
  std::lock_guard lock(mutex_);
  auto found = files_.find(path);
  CHECK(found != files_.end());
  std::lock_guard content_lock(found->second->mutex);
  found->second->bytes = std::move(bytes);
}

}  // namespace rhizo::io
