// Both rows of table `state`: how much there is, and the format with its features.
#include "decoded_again.h"
#include "meta/store_state.h"

namespace {

using rhizo::meta::StoreFormat;
using rhizo::meta::StoreState;

// Of a newer format only the number is read.
std::string EncodeAgain(const StoreFormat& format, std::string_view bytes) {
  if (format.number <= rhizo::meta::kFormatNumber) return format.Encode();
  CHECK(!format.CheckSupported(/*for_writing=*/false));
  return std::string(bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  rhizo::fuzz::DecodedAgain(data, size, StoreFormat::Decode,
                            [&](const StoreFormat& format) { return EncodeAgain(format, bytes); });
  return rhizo::fuzz::DecodedAgain(data, size, StoreState::Decode,
                                   [](const StoreState& state) { return state.Encode(); });
}
