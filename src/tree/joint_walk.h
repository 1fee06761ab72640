// Walks several maps side by side and stops at the keys where they are not all equal. Subtrees that
// all of them share are skipped, not read. Borrows until the next move. Not thread-safe.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "tree/path.h"
#include "tree/tree.h"

namespace rhizo::tree {

class JointWalk {
 public:
  explicit JointWalk(const std::vector<Tree>& trees);

  // To the first, then the next key where the maps differ; not Valid() behind the last.
  Status Next();
  bool Valid() const { return valid_; }

  std::string_view key() const { return key_; }
  // The entry that map number `index` has under the key, if any.
  std::optional<Item> entry(size_t index) const;

 private:
  Status Open();
  bool FindLeastKey();
  bool AllEqual() const;
  void Skip();
  Status Descend(uint8_t level);

  std::vector<ObjectId> roots_;
  std::vector<Path> paths_;
  std::vector<bool> here_;  // which maps stand on an item with the key
  std::string_view key_;
  bool opened_ = false;
  bool valid_ = false;
};

}  // namespace rhizo::tree
