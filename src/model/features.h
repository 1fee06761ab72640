// Three sets of feature flags: what a reader that does not know a flag must do. Regular value type.
// Encoding: three varints.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rhizo::model {

// The format this code writes. 0 until formats are frozen: no compatibility is owed.
inline constexpr uint32_t kFormat = 0;

struct Features {
  uint64_t ignorable = 0;  // unknown ones are ignored
  uint64_t read_only = 0;  // unknown ones forbid writing
  uint64_t required = 0;   // unknown ones forbid opening
  friend bool operator==(const Features&, const Features&) = default;
};

// What this code knows.
inline constexpr Features kKnownFeatures{};

enum class Access { kReadWrite, kReadOnly };

// What this code may do with a database of `features`; kUnsupported naming the flags if nothing.
Result<Access> CheckFeatures(const Features& features, const Features& known = kKnownFeatures);

std::string Encode(const Features& features);
Result<Features> DecodeFeatures(std::string_view bytes);

}  // namespace rhizo::model
