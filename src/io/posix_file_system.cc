#include "io/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

#include "io/posix_error.h"

namespace rhizo::io {
namespace {

template <class Call>
auto Retry(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result == -1 && errno == EINTR);
  return result;
}

Status Check(int result, Intent intent, std::string_view doing, const std::string& path) {
  if (result == 0) return {};
  return PosixError(errno, intent, doing, path);
}

class PosixFile final : public File {
 public:
  PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~PosixFile() override { CloseDescriptor(); }

  Result<size_t> ReadAt(uint64_t offset, std::span<char> out) override {
    size_t done = 0;
    while (done < out.size()) {
      ssize_t got = Retry([&] {
        return pread(descriptor_, out.data() + done, out.size() - done,
                     static_cast<off_t>(offset + done));
      });
      if (got == -1) return Failed(Intent::kRead, "reading");
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

  Status Append(std::string_view bytes) override {
    while (!bytes.empty()) {
      ssize_t written = Retry([&] { return write(descriptor_, bytes.data(), bytes.size()); });
      if (written == -1) return Failed(Intent::kWrite, "writing");
      bytes.remove_prefix(static_cast<size_t>(written));
    }
    return {};
  }

  Status Sync() override {
    if (fsync(descriptor_) != 0) return Failed(Intent::kWrite, "syncing");
    return {};
  }

  Result<uint64_t> Size() override {
    struct stat info;
    if (fstat(descriptor_, &info) != 0) return Failed(Intent::kRead, "measuring");
    return static_cast<uint64_t>(info.st_size);
  }

  Status Close() override {
    if (CloseDescriptor() != 0) return PosixError(errno, Intent::kWrite, "closing", path_);
    return {};
  }

 private:
  // After close(2) the descriptor is gone even if it reports EINTR or EIO: never close it twice.
  int CloseDescriptor() {
    int descriptor = std::exchange(descriptor_, -1);
    return descriptor == -1 ? 0 : close(descriptor);
  }

  Error Failed(Intent intent, std::string_view doing) const {
    if (descriptor_ == -1) return Error(ErrorCode::kClosed, "the file was closed");
    return PosixError(errno, intent, doing, path_);
  }

  int descriptor_;
  const std::string path_;
};

Result<std::unique_ptr<File>> Open(const std::string& path, int flags, Intent intent,
                                   std::string_view doing) {
  int descriptor = Retry([&] { return open(path.c_str(), flags | O_CLOEXEC, 0666); });
  if (descriptor == -1) return PosixError(errno, intent, doing, path);
  return std::unique_ptr<File>(std::make_unique<PosixFile>(descriptor, path));
}

// Opens a directory, hands its descriptor to `sync` and closes it.
template <class Sync>
Status SyncThrough(const std::string& path, Sync sync) {
  int descriptor = Retry([&] { return open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (descriptor == -1) return PosixError(errno, Intent::kRead, "opening", path);
  Status synced = Check(sync(descriptor), Intent::kWrite, "syncing", path);
  close(descriptor);
  return synced;
}

}  // namespace

Result<std::unique_ptr<File>> PosixFileSystem::OpenForReading(const std::string& path) {
  return Open(path, O_RDONLY, Intent::kRead, "opening");
}

Result<std::unique_ptr<File>> PosixFileSystem::CreateExclusive(const std::string& path) {
  return Open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND, Intent::kWrite, "creating");
}

Status PosixFileSystem::RenameWithoutReplacing(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno == EINVAL || errno == ENOSYS) return RenameByLinking(from, to);
  return PosixError(errno, Intent::kWrite, "renaming to", to);
}

Status RenameByLinking(const std::string& from, const std::string& to) {
  RETURN_IF_ERROR(Check(link(from.c_str(), to.c_str()), Intent::kWrite, "renaming to", to));
  return Check(unlink(from.c_str()), Intent::kWrite, "removing", from);
}

Status PosixFileSystem::RenameReplacing(const std::string& from, const std::string& to) {
  return Check(rename(from.c_str(), to.c_str()), Intent::kWrite, "renaming to", to);
}

Status PosixFileSystem::SyncDirectory(const std::string& path) { return SyncThrough(path, fsync); }

Status PosixFileSystem::SyncAll(const std::string& path) { return SyncThrough(path, syncfs); }

Status PosixFileSystem::Remove(const std::string& path) {
  return Check(unlink(path.c_str()), Intent::kWrite, "removing", path);
}

Result<std::vector<std::string>> PosixFileSystem::List(const std::string& path) {
  DIR* directory = opendir(path.c_str());
  if (directory == nullptr) return PosixError(errno, Intent::kRead, "listing", path);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(directory)) {
    std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  int error_number = errno;
  closedir(directory);
  if (error_number != 0) return PosixError(error_number, Intent::kRead, "listing", path);
  return names;
}

Status PosixFileSystem::CreateDirectory(const std::string& path) {
  return Check(mkdir(path.c_str(), 0777), Intent::kWrite, "creating directory", path);
}

Result<FileInfo> PosixFileSystem::Stat(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return PosixError(errno, Intent::kRead, "looking at", path);
  return FileInfo{.size_bytes = static_cast<uint64_t>(info.st_size),
                  .is_directory = S_ISDIR(info.st_mode),
                  .device = info.st_dev,
                  .inode = info.st_ino};
}

}  // namespace rhizo::io
