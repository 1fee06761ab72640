// Which rows of a sequence are found again, in order, in another that was made from it by putting
// rows in, taking rows out and changing some.
//
// Rows that occur once on both sides anchor the rest (Bram Cohen's patience diff: the longest
// rising chain of them); between anchors, equal beginnings and ends, then the shortest edit script
// (Myers 1986) as long as it stays short. Where the sides have little in common no pairs are given,
// though some may exist. Takes O((n + m) log (n + m)), memory likewise.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace rhizo::table {

struct RowPair {
  uint32_t old_row = 0;
  uint32_t new_row = 0;
  friend bool operator==(const RowPair&, const RowPair&) = default;
};

// Rows are given by their hashes; pairs have equal ones and rise strictly on both sides.
// `open_end`: new rows behind the last pair belong to something else that follows, so the ends need
// not meet.
std::vector<RowPair> Align(std::span<const uint64_t> old_rows, std::span<const uint64_t> new_rows,
                           bool open_end);

}  // namespace rhizo::table
