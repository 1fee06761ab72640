// SQLite's result codes as our errors, translated here once. Messages say what was being done to
// rhizo.db and SQLite's own short text; never SQL, never paths.
#pragma once

#include <string_view>

#include "base/result.h"

struct sqlite3;

namespace rhizo::meta {

// `code` may be an extended result code.
Error SqliteError(int code, std::string_view doing);

}  // namespace rhizo::meta
