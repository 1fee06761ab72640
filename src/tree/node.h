// One node of a map, decoded. Immutable; items are in strictly ascending order of their keys.
//
// Layout (docs/format/tree.md; varint = minimal LEB128):
//   header   "RHZO", kind 1, kind version 1
//   level    u8, 0 for a leaf
//   items    varint, at most the max_items of the level; 0 only in the leaf of the empty map
//   item     varint shared    bytes shared with the key before, as many as possible (first item: 0)
//            varint length    of the rest of the key, then the rest
//            leaf:  varint weight, varint length of the value, the value
//            above: child id (32 bytes), varint entries below (>= 1), varint weight below
// A node has exactly one encoding; Decode refuses every other.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/coding.h"
#include "base/result.h"
#include "object/object_reader.h"
#include "tree/item.h"

namespace rhizo::tree {

inline constexpr uint8_t kTreeNodeVersion = 1;

class Node;
using NodePtr = std::shared_ptr<const Node>;

class Node {
 public:
  static Result<NodePtr> Decode(object::ObjectBytes bytes);
  // The leaf of the empty map.
  static NodePtr Empty();

  uint8_t level() const { return level_; }
  bool is_leaf() const { return level_ == 0; }
  size_t size() const { return slots_.size() - 1; }
  bool empty() const { return size() == 0; }
  const std::string& bytes() const { return *bytes_; }

  std::string_view key(size_t index) const;
  Item item(size_t index) const;

  // Entries and weight below all items before `index`; index = size() gives the node's sums.
  uint64_t count_before(size_t index) const { return slots_[index].count_before; }
  uint64_t weight_before(size_t index) const { return slots_[index].weight_before; }
  uint64_t count() const { return count_before(size()); }
  uint64_t weight() const { return weight_before(size()); }

  // The first item whose key is not below `key`; size() if none.
  size_t LowerBound(std::string_view key) const;
  // The item in whose range `key` falls: the last one whose key is not above it, else the first.
  size_t Covering(std::string_view key) const;
  // The item that holds the entry number `rank`, or the unit of weight number `unit`, counted from
  // 0 in this node; size() if there are fewer.
  size_t HoldingRank(uint64_t rank) const;
  size_t HoldingWeight(uint64_t unit) const;

 private:
  struct Slot {
    uint32_t key_begin;
    uint32_t key_end;
    std::string_view payload;
    uint64_t count_before;
    uint64_t weight_before;
  };

  explicit Node(object::ObjectBytes bytes) : bytes_(std::move(bytes)) {}
  void DecodeItems(Decoder& decoder);
  bool DecodeKey(Decoder& decoder);
  Item DecodePayload(Decoder& decoder) const;
  bool Append(const Item& item);

  object::ObjectBytes bytes_;
  uint8_t level_ = 0;
  std::string keys_;         // of all items, whole, one after the other
  std::vector<Slot> slots_;  // one for each item, and one with the sums
};

}  // namespace rhizo::tree
