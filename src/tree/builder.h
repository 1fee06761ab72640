// Makes a map from entries in ascending order, streaming: it keeps one open node of each level and
// stages only nodes of the finished tree. Not thread-safe.
#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "base/result.h"
#include "object/staging.h"
#include "tree/item.h"
#include "tree/node_writer.h"

namespace rhizo::tree {

// kInvalidArgument naming the limit (item.h) that a length is over.
Status CheckLengths(std::string_view key, std::string_view value);

// The levels of a tree from `bottom` up, fed with the items of that level in order.
class Tower {
 public:
  explicit Tower(object::Staging* out, uint8_t bottom = 0);

  void Add(const Item& item) { AddAt(0, item); }
  // Closes the open nodes; the lowest level that has a single node holds the root.
  Root Finish();

 private:
  void AddAt(size_t height, const Item& item);
  void CloseNode(size_t height);

  object::Staging* out_;
  uint8_t bottom_;
  std::deque<NodeWriter> open_;  // the growing node of each level that has items
};

class Builder {
 public:
  explicit Builder(object::Staging* out) : tower_(out) {}

  // kInvalidArgument if `key` is not above the one before, a length is over its limit (item.h), or
  // the weights do not add up in 64 bits.
  Status Add(std::string_view key, std::string_view value, uint64_t weight = 0);
  // Once, at the end.
  Result<Root> Finish() { return tower_.Finish(); }

 private:
  Tower tower_;
  bool any_ = false;
  std::string last_key_;
  uint64_t weight_ = 0;
};

}  // namespace rhizo::tree
