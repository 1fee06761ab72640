#include "db/file_target.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>

#include "base/random.h"
#include "io/path.h"
#include "io/posix_file_system.h"

namespace rhizo::db {
namespace {

std::string RealPath(const std::string& path) {
  char resolved[PATH_MAX];
  return realpath(path.c_str(), resolved) == nullptr ? "" : resolved;
}

bool IsInside(const std::string& directory, const std::string& database_path) {
  std::string real = RealPath(directory);
  std::string database = RealPath(database_path);
  return !database.empty() && (real == database || real.starts_with(database + "/"));
}

Error CannotWrite(const std::string& path, int code) {
  ErrorCode kind = code == ENOSPC || code == EDQUOT                   ? ErrorCode::kDiskFull
                   : code == EACCES || code == EPERM || code == EROFS ? ErrorCode::kReadOnly
                   : code == ENOENT || code == ENOTDIR                ? ErrorCode::kInvalidArgument
                                                                      : ErrorCode::kIo;
  return Error(kind, "cannot write \"" + path + "\": " + std::strerror(code)).With("path", path);
}

Error Exists(const std::string& path) {
  return Error(ErrorCode::kAlreadyExists,
               "\"" + path + "\" exists already; choose another name or allow overwriting it")
      .With("path", path);
}

Status CheckPlace(const std::string& path, bool overwrite) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) return {};
  if (S_ISDIR(info.st_mode))
    return InvalidArgument("cannot write \"" + path + "\": it is a directory").With("path", path);
  if (!S_ISREG(info.st_mode) && !S_ISLNK(info.st_mode)) {
    return InvalidArgument("cannot write \"" + path + "\": it is no regular file")
        .With("path", path);
  }
  if (!overwrite) return Exists(path);
  return {};
}

std::string RandomName() {
  std::array<unsigned char, 8> bytes;
  SystemRandom().Fill(bytes.data(), bytes.size());
  std::string name = ".rhizo-";
  for (unsigned char byte : bytes) {
    name += "0123456789abcdef"[byte >> 4];
    name += "0123456789abcdef"[byte & 15];
  }
  return name + ".tmp";
}

Status SyncFile(const std::string& path, const std::string& shown) {
  int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return CannotWrite(shown, errno);
  int failed = fsync(file) != 0 ? errno : 0;
  close(file);
  if (failed != 0) return CannotWrite(shown, failed);
  return {};
}

}  // namespace

Result<FileTarget> FileTarget::Create(const std::string& path, bool overwrite,
                                      const std::string& database_path) {
  if (path.empty() || path.find('\0') != path.npos)
    return InvalidArgument("a file name is empty or holds a zero byte");
  if (path.back() == '/')
    return InvalidArgument("cannot write \"" + path + "\": it is a directory").With("path", path);
  RETURN_IF_ERROR(CheckPlace(path, overwrite));
  std::string directory = io::ParentPath(path);
  if (IsInside(directory, database_path)) {
    return InvalidArgument("cannot write \"" + path + "\": it lies inside the database")
        .With("path", path);
  }
  std::string temporary = io::JoinPath(directory, RandomName());
  int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) return CannotWrite(path, errno);
  close(file);
  return FileTarget(path, std::move(temporary), overwrite);
}

FileTarget::FileTarget(FileTarget&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::exchange(other.temporary_, "")),
      overwrite_(other.overwrite_) {}

FileTarget::~FileTarget() {
  if (!temporary_.empty()) unlink(temporary_.c_str());
}

Status FileTarget::Publish() {
  RETURN_IF_ERROR(SyncFile(temporary_, path_));
  io::PosixFileSystem files;
  auto renamed = overwrite_ ? files.RenameReplacing(temporary_, path_)
                            : files.RenameWithoutReplacing(temporary_, path_);
  if (!renamed)
    return renamed.error().code() == ErrorCode::kAlreadyExists ? Exists(path_) : renamed;
  temporary_.clear();
  return files.SyncDirectory(io::ParentPath(path_));
}

}  // namespace rhizo::db
