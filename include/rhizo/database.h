// A database: a directory with tables, their whole history and their branches, and a session on one
// branch. Opening one path twice in a process gives handles on one shared instance.
#pragma once

#include <string>

#include "rhizo/export.h"
#include "rhizo/options.h"
#include "rhizo/session.h"

namespace rhizo {

class RHIZO_EXPORT Database final : public Session {
 public:
  // kInvalidArgument for a directory that holds other files, kReadOnly, kUnsupported (newer format,
  // network file system), kBranchNotFound. Nothing is created unless a database can be made.
  static Result<Database> Open(const std::string& path, const OpenOptions& options = {});

  explicit Database(std::shared_ptr<SessionImpl> impl) : Session(std::move(impl)) {}
};

// "0.1.0"
RHIZO_EXPORT const char* Version();

}  // namespace rhizo
