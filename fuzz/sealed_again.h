// Rows of rhizo.db as a hostile writer would make them: with the right checksum over any value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "meta/row_checksum.h"

namespace rhizo::fuzz {

// The input is refused as it is and, with its checksum, refused or a value whose only encoding it
// is. `open` takes a row, `seal` gives one.
template <class Open, class Seal>
int SealedAgain(std::string_view table, std::string_view key, const uint8_t* data, size_t size,
                Open open, Seal seal) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  auto as_it_is = open(bytes);
  if (as_it_is) CHECK(seal(*as_it_is).bytes == bytes);
  const auto sealed = meta::SealRow(table, key, bytes);
  auto value = open(sealed.bytes);
  if (value) CHECK(seal(*value).bytes == sealed.bytes);
  return 0;
}

}  // namespace rhizo::fuzz
