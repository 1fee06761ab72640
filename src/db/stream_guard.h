// Releases a user's Arrow struct at the end of a scope if nobody took it over: whatever happens, it
// is released exactly once.
#pragma once

#include "rhizo/arrow_c_data.h"

namespace rhizo::db {

template <class ArrowStruct>
class ReleaseGuard {
 public:
  explicit ReleaseGuard(ArrowStruct* guarded) : guarded_(guarded) {}
  ~ReleaseGuard() {
    if (guarded_ != nullptr && guarded_->release != nullptr) guarded_->release(guarded_);
  }
  ReleaseGuard(const ReleaseGuard&) = delete;
  ReleaseGuard& operator=(const ReleaseGuard&) = delete;

 private:
  ArrowStruct* const guarded_;
};

}  // namespace rhizo::db
