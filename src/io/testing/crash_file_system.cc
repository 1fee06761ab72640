#include "io/testing/crash_file_system.h"

#include "io/path.h"

namespace rhizo::io {

class CrashFileSystem::OpenFile final : public File {
 public:
  OpenFile(CrashFileSystem* owner, Inode inode, bool writable)
      : owner_(owner), disk_(owner->disk_), inode_(inode), writable_(writable) {}

  Result<size_t> ReadAt(uint64_t offset, std::span<char> out) override {
    if (closed_) return Closed();
    return disk_->ReadAt(inode_, offset, out);
  }

  Status Append(std::string_view bytes) override {
    if (closed_) return Closed();
    if (!writable_) return Error(ErrorCode::kIo, "the file is open for reading");
    disk_->Append(inode_, bytes);
    return {};
  }

  Status Sync() override {
    if (closed_) return Closed();
    if (owner_->syncs_until_failure_ >= 0 && owner_->syncs_until_failure_-- == 0) {
      disk_->FailSync(inode_);
      return Error(ErrorCode::kIo, "the disk failed to sync the file");
    }
    disk_->Sync(inode_);
    return {};
  }

  Result<uint64_t> Size() override {
    if (closed_) return Closed();
    return disk_->Size(inode_);
  }

  Status Close() override {
    closed_ = true;
    return {};
  }

 private:
  static Error Closed() { return Error(ErrorCode::kClosed, "the file was closed"); }

  CrashFileSystem* const owner_;
  const std::shared_ptr<CrashDisk> disk_;
  const Inode inode_;
  const bool writable_;
  bool closed_ = false;
};

Result<std::unique_ptr<File>> CrashFileSystem::OpenForReading(const std::string& path) {
  ASSIGN_OR_RETURN(Inode inode, disk_->Open(path));
  return std::unique_ptr<File>(std::make_unique<OpenFile>(this, inode, false));
}

Result<std::unique_ptr<File>> CrashFileSystem::CreateExclusive(const std::string& path) {
  ASSIGN_OR_RETURN(Inode inode, disk_->Create(path));
  return std::unique_ptr<File>(std::make_unique<OpenFile>(this, inode, true));
}

Status CrashFileSystem::RenameWithoutReplacing(const std::string& from, const std::string& to) {
  return disk_->Rename(from, to, /*replace=*/false);
}

Status CrashFileSystem::RenameReplacing(const std::string& from, const std::string& to) {
  return disk_->Rename(from, to, /*replace=*/true);
}

Status CrashFileSystem::SyncDirectory(const std::string& path) {
  return disk_->SyncDirectory(path);
}

Status CrashFileSystem::SyncAll(const std::string& path) {
  RETURN_IF_ERROR(disk_->Stat(path));
  disk_->SyncAll();
  return {};
}

Status CrashFileSystem::Remove(const std::string& path) { return disk_->Remove(path); }

Result<std::vector<std::string>> CrashFileSystem::List(const std::string& path) {
  return disk_->List(path);
}

Status CrashFileSystem::CreateDirectory(const std::string& path) {
  return disk_->CreateDirectory(path);
}

Result<FileInfo> CrashFileSystem::Stat(const std::string& path) { return disk_->Stat(path); }

}  // namespace rhizo::io
