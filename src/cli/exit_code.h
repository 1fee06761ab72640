// What the program tells the shell.
#pragma once

#include "rhizo/error.h"

namespace rhizo::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kWrongUsage = 2;
inline constexpr int kConflictExit = 3;
inline constexpr int kInterrupted = 130;

inline int ExitCodeOf(const Error& error) {
  bool is_conflict =
      error.code() == ErrorCode::kConflict || error.code() == ErrorCode::kMergeConflict;
  if (is_conflict) return kConflictExit;
  if (error.code() == ErrorCode::kCancelled) return kInterrupted;
  return kFailed;
}

}  // namespace rhizo::cli
