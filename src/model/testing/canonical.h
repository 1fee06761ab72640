// What every decoder promises, as a check: whatever bytes it takes are the only encoding of what it
// gives back, and damage never goes unnoticed as another length.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/id.h"
#include "model/place.h"

namespace rhizo::model::testing {

// So that places can be checked as everything else.
inline std::string Encode(const Place& place) { return EncodePlace(place); }

// `decode` refuses `bytes`, or gives what encodes to the same bytes.
template <class Decode>
void ExpectRefusedOrSame(std::string_view bytes, Decode decode) {
  auto value = decode(bytes);
  if (value) {
    EXPECT_EQ(ToHex(Encode(*value)), ToHex(bytes));
  }
}

// Also cut short at every byte, with a byte more, and with every bit flipped.
template <class X, class Decode>
void ExpectCanonical(const X& value, Decode decode) {
  const std::string bytes = Encode(value);
  auto decoded = decode(bytes);
  ASSERT_TRUE(decoded) << decoded.error().message();
  EXPECT_EQ(*decoded, value);
  for (size_t size = 0; size < bytes.size(); ++size) {
    ExpectRefusedOrSame(std::string_view(bytes).substr(0, size), decode);
  }
  ExpectRefusedOrSame(bytes + '\0', decode);
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    ExpectRefusedOrSame(flipped, decode);
  }
}

// A seed that a failure prints: SCOPED_TRACE it.
inline std::string SeedText(uint64_t seed) { return "seed " + std::to_string(seed); }

}  // namespace rhizo::model::testing
