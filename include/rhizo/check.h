// CHECK: an invariant whose failure is our own bug. Always on; prints where and what, then aborts.
#pragma once

#include "rhizo/export.h"

namespace rhizo::internal {
[[noreturn]] RHIZO_EXPORT void CheckFailed(const char* file, int line, const char* condition);
}  // namespace rhizo::internal

#define CHECK(condition)                               \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::rhizo::internal::CheckFailed(__FILE__, __LINE__, #condition))
