// Applies edits to one level of a stored tree: the nodes they fall into are streamed anew, from the
// start of a node until the new borders are in step with the old ones. What changed of the nodes
// becomes the edits of the level above. Reads only the old tree. Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "object/staging.h"
#include "tree/node_writer.h"
#include "tree/path.h"

namespace rhizo::tree {

// To one item of a level, by key: a new payload, or nothing to erase it.
struct ItemEdit {
  std::string key;
  std::optional<std::string> payload = {};
  uint64_t count = 1;
  uint64_t weight = 0;

  Item item() const { return {.key = key, .payload = *payload, .count = count, .weight = weight}; }
};

// Stages the new nodes of an Apply. An inner node with one item may turn out to lie above the root
// of the new tree; such nodes are held back until that is known.
class NodeSink {
 public:
  explicit NodeSink(object::Staging* out) : out_(out) {}

  ObjectId Add(WrittenNode node, uint8_t level);
  // The bytes of a node held back, or null.
  const std::string* HeldBack(const ObjectId& id) const;
  // Stages the nodes held back that are at most as high as the root.
  void Finish(uint8_t root_level);

 private:
  struct Held {
    ObjectId id;
    uint8_t level;
    std::string bytes;
  };

  object::Staging* out_;
  std::vector<Held> held_;
};

class LevelPass {
 public:
  LevelPass(Path* path, NodeSink* sink, uint8_t level)
      : path_(path), sink_(sink), level_(level), writer_(level) {}

  // `edits` ascend strictly by key. The result: edits of the items of the level above.
  Result<std::vector<ItemEdit>> Run(const std::vector<ItemEdit>& edits);
  // The new nodes of the last range; at the level of the old root, which has one node, all of them.
  const std::vector<ItemEdit>& written() const { return written_; }

 private:
  using EditIterator = std::vector<ItemEdit>::const_iterator;

  Status RunRange();
  Status OpenRange();
  void MergeNode();
  void ApplyEditsBelow(const Item* end);
  void ApplyEdit(const Item& old, bool began_node);
  bool MayMoveBorder(const ItemEdit& edit, const Item& node) const;
  bool InStep(const Item& next) const;
  void Feed(const Item& item, bool began_node);
  void CloseNode();
  std::optional<ObjectId> Unchanged(const WrittenNode& node) const;
  void CloseRange();

  Path* path_;
  NodeSink* sink_;
  uint8_t level_;
  NodeWriter writer_;

  EditIterator edit_;
  EditIterator end_;
  bool shifted_ = false;            // items came, went or changed so that borders may have moved
  std::vector<ItemEdit> replaced_;  // the old nodes of this range, as their parents list them
  std::vector<ItemEdit> written_;   // the new ones
  NodePtr old_nodes_[2];            // the old node being read, and the one before
  std::vector<ItemEdit> changes_;   // edits of the level above
};

}  // namespace rhizo::tree
