// The whole program: parses the arguments, runs one verb, prints its errors.
#pragma once

namespace rhizo::cli {

// Returns the exit code: 0 done, 1 failed, 2 wrong usage, 3 conflict, 130 interrupted.
int Run(int argc, const char* const* argv);

}  // namespace rhizo::cli
