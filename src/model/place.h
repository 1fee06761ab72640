// Where a row lies in its table's order. A place is a path of levels, each (digit, birth id,
// position), compared lexicographically, a shorter prefix first (block-wise Logoot). The place of a
// row never changes once it was published. Regular value types; free functions without state.
//
// Encoding (the key of a table's tree; byte order = order of places), per level:
//   digit   its bytes, each 00 written 00 FF
//   end     00 00
//   birth   12 bytes
//   position 4 bytes, big endian
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"

namespace rhizo::model {

// Identity of a row without a key. Shown as a BLOB of 16 bytes: birth id, position big endian.
struct RowId {
  BirthId birth;
  uint32_t position = 0;
  std::string ToBytes() const;
  friend auto operator<=>(const RowId&, const RowId&) = default;
};

struct Level {
  std::string digit;  // a fraction read big endian: never empty, no trailing 00
  BirthId birth;
  uint32_t position = 0;
  friend auto operator<=>(const Level&, const Level&) = default;
};

struct Place {
  std::vector<Level> levels;  // at least one

  // The row that lies here.
  RowId row_id() const { return {levels.back().birth, levels.back().position}; }
  // The place `rows` positions further in the same birth. CHECKs that the position does not
  // overflow.
  Place Plus(uint32_t rows) const;
  // Whether a place some positions further, or less far, in the same birth is `other`.
  bool SameButPosition(const Place& other) const;
  friend auto operator<=>(const Place&, const Place&) = default;
};

// A place longer than this is no key of a tree (tree::kMaxKeyBytes): over a hundred levels.
inline constexpr size_t kMaxPlaceBytes = 4096;

std::string EncodePlace(const Place& place);
// kCorruption unless `bytes` is exactly what EncodePlace makes of some place, and
// at most kMaxPlaceBytes long.
Result<Place> DecodePlace(std::string_view bytes);

// The digit of the first rows of a table: 80.
std::string FirstDigit();
// A digit greater than `low`: low + 1 in the fewest multiple of 4 bytes that holds it.
std::string DigitAfter(std::string_view low);
// A digit strictly between; `low` is "" where nothing lies before. low < high required.
std::string DigitBetween(std::string_view low, std::string_view high);

// Where new rows between two neighbours go: their places are path + (digit, birth, 0 .. n-1), with
// a birth drawn for them.
struct Gap {
  std::vector<Level> path;
  std::string digit;
  Place Start(const BirthId& birth) const;
  friend bool operator==(const Gap&, const Gap&) = default;
};

// The gap after row `before` and before row `after` (null: no such neighbour): the shallowest path
// at which a digit fits, else below `before`. before < after required.
Gap GapBetween(const Place* before, const Place* after);

}  // namespace rhizo::model
