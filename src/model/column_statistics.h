// What is known of one field of one segment. Describes the whole segment, always. Regular value
// type.
//
// Encoding: u8 flags (1 min, 2 max, 4 min exact, 8 max exact, 16 greatest length), length-prefixed
// min, max if there, varint greatest length if there, varint null count, varint distinct estimate,
// 32 bytes content key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/blake3.h"
#include "base/coding.h"

namespace rhizo::model {

struct ColumnStatistics {
  // Canonical value bytes (docs/format/values.md), not NULL. Nothing: not known, or no value.
  std::optional<std::string> min;
  std::optional<std::string> max;
  // Whether they are values of the column, not only bounds. False where min (max) is nothing.
  bool min_exact = false;
  bool max_exact = false;
  // Bytes of the longest string, below 2^32. Nothing: not known, no value, or no strings.
  std::optional<uint64_t> max_length;
  uint64_t null_count = 0;
  uint64_t distinct_estimate = 0;  // 0: not known
  // BLAKE3 over type, count and canonical values in row order: equal keys prove equal values.
  Hash256 content_key;
  friend bool operator==(const ColumnStatistics&, const ColumnStatistics&) = default;
};

void Write(Encoder& encoder, const ColumnStatistics& statistics);
// Fails the decoder if there are more NULLs than `rows`.
ColumnStatistics ReadColumnStatistics(Decoder& decoder, uint64_t rows);

}  // namespace rhizo::model
