#include "model/schema_coding.h"

#include "decoded_again.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rhizo::model;
  return rhizo::fuzz::DecodedAgain(data, size, DecodeSchema,
                                   [](const auto& value) { return Encode(value); });
}
