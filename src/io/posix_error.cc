#include "io/posix_error.h"

#include <cerrno>
#include <cstring>
#include <string>

#include "io/path.h"

namespace rhizo::io {
namespace {

ErrorCode CodeOf(int error_number, Intent intent) {
  switch (error_number) {
    case ENOENT: return ErrorCode::kObjectNotFound;
    case EEXIST: return ErrorCode::kAlreadyExists;
    case ENOSPC:
    case EDQUOT: return ErrorCode::kDiskFull;
    case EACCES:
    case EPERM:
    case EROFS: return intent == Intent::kWrite ? ErrorCode::kReadOnly : ErrorCode::kIo;
    default: return ErrorCode::kIo;
  }
}

}  // namespace

Error PosixError(int error_number, Intent intent, std::string_view doing, std::string_view path) {
  std::string message(doing);
  message.append(" ").append(ShortPath(path)).append(": ");
  const char* description = strerrordesc_np(error_number);
  message.append(description != nullptr ? description : std::to_string(error_number));
  return Error(CodeOf(error_number, intent), std::move(message));
}

}  // namespace rhizo::io
