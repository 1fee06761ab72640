// Any text as a time: refused, or a time that gives itself again as we print it.
#include <string>

#include "base/check.h"
#include "txn/ref_resolver.h"

namespace {
constexpr rhizo::Timestamp kFirst{-62'135'596'800'000'000};  // of the year 1
constexpr rhizo::Timestamp kLast{253'402'300'799'999'999};   // of the year 9999
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  auto time = rhizo::txn::ParseTime(text);
  // Of other years not all digits are taken.
  if (time && *time >= kFirst && *time <= kLast)
    CHECK(rhizo::txn::ParseTime(time->ToString()) == time);
  return 0;
}
