// A way from the root of a stored map down to one item of some level: what Cursor, Diff and Apply
// move about. Every node entered is checked against what its parent says of it (level, first key,
// bounds, counts, weight), so a tree with a wrong child is corruption, never another answer, and no
// tree can be endless. Not thread-safe.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "object/object_reader.h"
#include "tree/node.h"

namespace rhizo::tree {

// Reads and decodes nodes; keeps a few inner ones. The zero id is the empty map.
class NodeReader {
 public:
  explicit NodeReader(object::ObjectReader* reader) : reader_(reader) {}
  Result<NodePtr> Read(const ObjectId& id);

 private:
  object::ObjectReader* reader_;
  std::unordered_map<ObjectId, NodePtr> inner_;
};

class Path {
 public:
  explicit Path(object::ObjectReader* reader) : nodes_(reader) {}

  // Stands on the first item of the root.
  Status Open(const ObjectId& root);
  // Back to the first item of the root.
  void Top();

  const NodePtr& root() const { return root_; }
  // No item here: past either end, or an empty map.
  bool done() const { return frames_.empty() || index() >= node()->size(); }
  const NodePtr& node() const { return frames_.back().node; }
  size_t index() const { return frames_.back().index; }
  uint8_t level() const { return node()->level(); }
  Item item() const { return node()->item(index()); }
  // Entries and weight of the map before this item.
  uint64_t rank() const;
  uint64_t weight_before() const;

  // This node as its parent lists it (the root: as a parent would).
  Item Self() const;
  bool IsFirstNode() const;

  // The child under this item (read), and going into it, onto its item `index`.
  Result<NodePtr> ReadChild();
  Status Enter(NodePtr child, size_t index = 0);
  Status DescendToFirst(uint8_t level);
  Status DescendToLast(uint8_t level);
  // To the node of `level` in whose range `key` falls, from anywhere.
  Status DescendTowards(std::string_view key, uint8_t level);
  void MoveTo(size_t index) { frames_.back().index = index; }

  // The next item here, else of the nearest node above that has one; done() after the last.
  void Advance();
  // Likewise backwards.
  void Retreat();
  // To the item that lists the next node of this level, one level up; done() after the last node.
  Status LeaveNode();
  // To the first item of the node before on this level. There must be one.
  Status PreviousNode();

 private:
  struct Frame {
    NodePtr node;
    size_t index = 0;
    uint64_t count_before = 0;  // of the whole node
    uint64_t weight_before = 0;
  };

  Status CheckFits(const Node& child) const;
  std::optional<Item> After() const;

  NodeReader nodes_;
  ObjectId root_id_;
  NodePtr root_;
  std::vector<Frame> frames_;
};

}  // namespace rhizo::tree
