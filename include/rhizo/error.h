// An expected failure: what kind (an instruction to the caller), what was being done to what, and
// named fields for programs. Regular value type; never thrown by our own code.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rhizo/export.h"

namespace rhizo {

enum class ErrorCode {
  kInvalidArgument,  // fix the call
  kInvalidName,      // fix the name
  kTableNotFound,    // no table of that name here
  kBranchNotFound,   // no ref (branch, tag, commit) of that name
  kVersionNotFound,  // no such version, commit or time in this history
  kObjectNotFound,   // internal: an object is not in this store
  kAlreadyExists,    // the name is taken
  kSchema,           // columns or types do not fit
  kConstraint,       // rows break a declared constraint
  kConflict,         // somebody else changed it: read again and retry
  kMergeConflict,    // both sides changed the same cells, rows or tables: settle it
  kBusy,             // a lock was not had in time: retry
  kCorruption,       // stored bytes are not what was written: stop, run verify
  kUnsupported,      // not built, or a newer format
  kCommitUnknown,    // may or may not have landed: ask again with the transaction id
  kClosed,           // the handle was closed
  kReadOnly,         // opened for reading, or not writable
  kDiskFull,         // free space, nothing was changed
  kIo,               // the environment failed
  kOutOfMemory,      // the memory limit was reached
  kCancelled,        // the caller asked to stop
  kSql,              // the statement is wrong
};

RHIZO_EXPORT std::string_view ErrorCodeName(ErrorCode code);

// The analyzer takes what a moved-from Result holds for an unset Error.
class RHIZO_EXPORT Error {  // NOLINT(clang-analyzer-core.uninitialized.Assign)
 public:
  Error(ErrorCode code, std::string message) : code_(code), message_(std::move(message)) {}

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }
  bool retryable() const { return code_ == ErrorCode::kConflict || code_ == ErrorCode::kBusy; }

  // Named facts beside the text, e.g. {"table", "flights"}.
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }
  std::string_view field(std::string_view name) const;
  Error With(std::string name, std::string value) &&;
  // Puts "context: " before the message: callers add what they were doing.
  Error In(std::string_view context) &&;

 private:
  ErrorCode code_;
  std::string message_;
  std::vector<std::pair<std::string, std::string>> fields_;
};

}  // namespace rhizo
