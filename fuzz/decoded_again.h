// The property every decoder of stored bytes has: it refuses its input, or gives a value whose only
// encoding is that input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"

namespace rhizo::fuzz {

template <class Decode, class Encode>
int DecodedAgain(const uint8_t* data, size_t size, Decode decode, Encode encode) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  auto value = decode(bytes);
  if (value) CHECK(encode(*value) == bytes);
  return 0;
}

}  // namespace rhizo::fuzz
