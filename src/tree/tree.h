// An immutable, history independent Merkle map from byte strings to byte strings, each entry with a
// weight (rows, for the map of a table). Equal content has an equal root id, whatever edits led
// there. A value type: a reader and the id of a root; the zero id reads as the empty map.
// Thread-safe if the reader is. Cursor walks it, Builder and Apply make new ones, Diff compares.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "object/object_reader.h"
#include "tree/item.h"

namespace rhizo::tree {

// The root of the map without entries. Its node is stored like any other.
Root EmptyRoot();

class Tree {
 public:
  Tree(object::ObjectReader* reader, const ObjectId& root) : reader_(reader), root_(root) {}

  object::ObjectReader* reader() const { return reader_; }
  const ObjectId& root() const { return root_; }

  // Reads one node of each level. kCorruption naming the node if the tree is damaged.
  Result<std::optional<std::string>> Get(std::string_view key) const;
  // Reads the root node only.
  Result<Root> Describe() const;

 private:
  object::ObjectReader* reader_;
  ObjectId root_;
};

}  // namespace rhizo::tree
