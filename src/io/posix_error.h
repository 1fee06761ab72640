// errno, translated once.
#pragma once

#include <string_view>

#include "base/error.h"

namespace rhizo::io {

// Whether the refused call would have changed something: a refusal to write is kReadOnly, a refusal
// to read is kIo.
enum class Intent { kRead, kWrite };

// "creating tmp/x: No space left on device"; of `path` only the last two parts are shown.
Error PosixError(int error_number, Intent intent, std::string_view doing, std::string_view path);

}  // namespace rhizo::io
