#include "cli/context.h"

namespace rhizo::cli {
namespace {

OpenOptions OptionsOf(const Context& context, CreateMode create, bool read_only) {
  OpenOptions options;
  options.branch = context.branch;
  options.author = context.author;
  options.create = create;
  options.read_only = read_only;
  return options;
}

}  // namespace

Result<Database> Context::OpenForReading() const {
  return Database::Open(database, OptionsOf(*this, CreateMode::kNever, true));
}

Result<Database> Context::OpenForWriting(CreateMode create) const {
  return Database::Open(database, OptionsOf(*this, create, false));
}

}  // namespace rhizo::cli
