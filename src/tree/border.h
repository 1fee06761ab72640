// The border rule: which items of a level begin a new node. It looks at the keys since the last
// border and at nothing else (one exception: a large value stands alone in its leaf), so the shape
// of a tree is a function of its content, and a value can change without moving a border. After an
// edit the borders are in step with the old ones again within a node or two.
//
// An item that follows c >= 1 items of its node, whose keys have b bytes, begins a new node if
//   1. level 0, and its value or the value before it is large; or
//   2. c = max_items; or
//   3. c >= 2 and b + its key's bytes > kMaxNodeKeyBytes; or
//   4. c >= min_items and byte (level mod 32) of BLAKE3(key) < chance.
// Rules 2 and 3 bound nodes whose keys somebody chose; above level 0 every node but the last of
// its level has two items or more, so the depth is at most log2 of the entries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tree/item.h"

namespace rhizo::tree {

struct BorderLimits {
  size_t min_items;
  size_t max_items;
  uint8_t chance;  // of 256
};

// On average 7 entries in a leaf and 18 children above: about 1-4 KiB for the entries of a table,
// and a commit of one row writes little (larger nodes read a level less and write more).
inline constexpr BorderLimits kLeafLimits = {.min_items = 3, .max_items = 32, .chance = 48};
inline constexpr BorderLimits kInnerLimits = {.min_items = 6, .max_items = 80, .chance = 20};
inline constexpr size_t kMaxNodeKeyBytes = 8192;

constexpr const BorderLimits& LimitsOf(uint8_t level) {
  return level == 0 ? kLeafLimits : kInnerLimits;
}

constexpr bool IsLarge(uint8_t level, std::string_view payload) {
  return level == 0 && payload.size() > kLargeValueBytes;
}

class Borders {
 public:
  explicit Borders(uint8_t level) : level_(level) {}

  // Whether `item` begins a new node; the first item after Restart() always does.
  bool StartsNode(const Item& item) const;
  // `item` goes into the current node.
  void Take(const Item& item);
  // The next item is the first of its node.
  void Restart() { *this = Borders(level_); }

 private:
  uint8_t level_;
  bool last_is_large_ = false;
  size_t items_ = 0;
  size_t key_bytes_ = 0;
};

}  // namespace rhizo::tree
