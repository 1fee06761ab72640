// What guards a row: a checksum over its table, key and value at its end, and the sum over all rows
// of a table, kept in O(change), so that a flipped bit and a vanished row are both seen.
//
//   row      = value | first 16 bytes of hash
//   hash     = BLAKE3(string(table) | string(key) | value)      string = varint length, bytes
//   table sum = number of rows, sum of their hashes as little endian integers mod 2^256
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/blake3.h"
#include "base/coding.h"
#include "base/result.h"

namespace rhizo::meta {

inline constexpr size_t kChecksumBytes = 16;

struct SealedRow {
  std::string bytes;
  Hash256 hash;
};

SealedRow SealRow(std::string_view table, std::string_view key, std::string value);

struct OpenedRow {
  std::string_view value;
  Hash256 hash;
};

// kCorruption naming the table if the checksum does not fit. Borrows `row`.
Result<OpenedRow> OpenRow(std::string_view table, std::string_view key, std::string_view row);

// Eight bytes, little endian: the key of rows that have a number.
std::string NumberKey(uint64_t number);

class TableSum {
 public:
  void Add(const Hash256& hash);
  void Remove(const Hash256& hash);
  uint64_t count() const { return count_; }

  void EncodeTo(Encoder& out) const;
  static TableSum DecodeFrom(Decoder& in);
  friend bool operator==(const TableSum&, const TableSum&) = default;

 private:
  uint64_t count_ = 0;
  std::array<uint64_t, 4> sum_{};  // least significant first
};

}  // namespace rhizo::meta
