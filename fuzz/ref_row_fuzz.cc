#include "meta/ref_table.h"
#include "sealed_again.h"

namespace {
constexpr std::string_view kRef = "main";
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rhizo::meta;
  return rhizo::fuzz::SealedAgain(
      "refs", kRef, data, size, [](std::string_view row) { return OpenRef(kRef, row); },
      [](const RefRow& row) { return SealRef(kRef, row); });
}
