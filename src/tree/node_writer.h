// Encodes nodes item by item (layout: node.h) and says where the border rule ends them.
#pragma once

#include <string>

#include "base/coding.h"
#include "tree/border.h"
#include "tree/item.h"

namespace rhizo::tree {

struct WrittenNode {
  std::string bytes;
  std::string first_key;
  size_t items = 0;
  uint64_t count = 0;
  uint64_t weight = 0;
};

class NodeWriter {
 public:
  explicit NodeWriter(uint8_t level) : level_(level), borders_(level) { CHECK(level <= kMaxLevel); }

  uint8_t level() const { return level_; }
  bool empty() const { return node_.items == 0; }
  // Whether the border rule puts `item` into the next node, not into this one.
  bool StartsNode(const Item& item) const { return borders_.StartsNode(item); }
  // Keys ascend within a node; sums of counts and weights fit 64 bits. The rule is the caller's to
  // ask.
  void Add(const Item& item);
  // The node made of the items added since the last call; the writer is empty again.
  WrittenNode Take();

 private:
  void EncodeKey(std::string_view key);
  void EncodePayload(const Item& item);

  uint8_t level_;
  Borders borders_;
  Encoder items_;
  std::string last_key_;
  WrittenNode node_;
};

}  // namespace rhizo::tree
