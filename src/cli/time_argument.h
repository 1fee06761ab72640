// A time as users type it.
#pragma once

#include <cstdint>
#include <string>

#include "rhizo/result.h"

namespace rhizo::cli {

// "2026-01-31", "2026-01-31T12:00:00Z" (or with a blank), or from now: "90m", "12h", "30d".
// Microseconds since 1970 UTC.
Result<int64_t> ParseTimeArgument(const std::string& text);

}  // namespace rhizo::cli
