#include "base/error.h"

namespace rhizo {

std::string_view ErrorCodeName(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return "invalid argument";
    case ErrorCode::kInvalidName: return "invalid name";
    case ErrorCode::kTableNotFound: return "table not found";
    case ErrorCode::kBranchNotFound: return "branch not found";
    case ErrorCode::kVersionNotFound: return "version not found";
    case ErrorCode::kObjectNotFound: return "object not found";
    case ErrorCode::kAlreadyExists: return "already exists";
    case ErrorCode::kSchema: return "schema";
    case ErrorCode::kConstraint: return "constraint";
    case ErrorCode::kConflict: return "conflict";
    case ErrorCode::kMergeConflict: return "merge conflict";
    case ErrorCode::kBusy: return "busy";
    case ErrorCode::kCorruption: return "corruption";
    case ErrorCode::kUnsupported: return "unsupported";
    case ErrorCode::kCommitUnknown: return "commit unknown";
    case ErrorCode::kClosed: return "closed";
    case ErrorCode::kReadOnly: return "read only";
    case ErrorCode::kDiskFull: return "disk full";
    case ErrorCode::kIo: return "io";
    case ErrorCode::kOutOfMemory: return "out of memory";
    case ErrorCode::kCancelled: return "cancelled";
    case ErrorCode::kSql: return "sql";
  }
  return "unknown";
}

std::string_view Error::field(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (key == name) return value;
  }
  return {};
}

Error Error::With(std::string name, std::string value) && {
  fields_.emplace_back(std::move(name), std::move(value));
  return std::move(*this);
}

Error Error::In(std::string_view context) && {
  message_ = std::string(context) + ": " + message_;
  return std::move(*this);
}

}  // namespace rhizo
