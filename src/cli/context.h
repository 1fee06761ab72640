// What every verb is given: the options that stand beside any verb, and the way to a database.
// Regular value type.
#pragma once

#include <string>

#include "rhizo/database.h"

namespace rhizo::cli {

struct Context {
  std::string database;  // a path
  std::string branch = "main";
  std::string author;
  bool json = false;

  // Reading verbs never create or change anything.
  Result<Database> OpenForReading() const;
  Result<Database> OpenForWriting(CreateMode create = CreateMode::kNever) const;
};

}  // namespace rhizo::cli
