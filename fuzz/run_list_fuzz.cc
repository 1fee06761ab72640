#include "model/run.h"

#include "decoded_again.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rhizo::model;
  return rhizo::fuzz::DecodedAgain(data, size, DecodeRunList,
                                   [](const auto& value) { return Encode(value); });
}
