#include "tree/joint_walk.h"

#include <algorithm>

namespace rhizo::tree {

JointWalk::JointWalk(const std::vector<Tree>& trees) : here_(trees.size(), false) {
  CHECK(!trees.empty());
  paths_.reserve(trees.size());
  for (const Tree& tree : trees) {
    roots_.push_back(tree.root());
    paths_.emplace_back(tree.reader());
  }
}

std::optional<Item> JointWalk::entry(size_t index) const {
  if (!here_[index]) return std::nullopt;
  return paths_[index].item();
}

Status JointWalk::Open() {
  bool same = std::all_of(roots_.begin(), roots_.end(),
                          [&](const ObjectId& root) { return root == roots_[0]; });
  if (same) paths_.clear();
  for (size_t i = 0; i < paths_.size(); ++i) RETURN_IF_ERROR(paths_[i].Open(roots_[i]));
  opened_ = true;
  return {};
}

Status JointWalk::Next() {
  valid_ = false;
  if (!opened_) {
    RETURN_IF_ERROR(Open());
  } else {
    Skip();
  }
  while (FindLeastKey()) {
    if (AllEqual()) {
      Skip();
      continue;
    }
    uint8_t highest = 0;
    for (size_t i = 0; i < paths_.size(); ++i) {
      if (here_[i]) highest = std::max(highest, paths_[i].level());
    }
    if (highest == 0) {
      valid_ = true;
      return {};
    }
    RETURN_IF_ERROR(Descend(highest));
  }
  return {};
}

// Sets key_ and here_; false if all maps are done.
bool JointWalk::FindLeastKey() {
  bool any = false;
  for (const Path& path : paths_) {
    if (path.done()) continue;
    std::string_view key = path.item().key;
    if (!any || key < key_) key_ = key;
    any = true;
  }
  for (size_t i = 0; i < paths_.size(); ++i) {
    here_[i] = !paths_[i].done() && paths_[i].item().key == key_;
  }
  return any;
}

bool JointWalk::AllEqual() const {
  for (size_t i = 0; i < paths_.size(); ++i) {
    if (!here_[i] || paths_[i].level() != paths_[0].level()) return false;
    if (paths_[i].item() != paths_[0].item()) return false;
  }
  return true;
}

void JointWalk::Skip() {
  for (size_t i = 0; i < paths_.size(); ++i) {
    if (here_[i]) paths_[i].Advance();
  }
}

// Maps that share the child read it once.
Status JointWalk::Descend(uint8_t level) {
  ObjectId last_id;
  NodePtr last;
  for (size_t i = 0; i < paths_.size(); ++i) {
    if (!here_[i] || paths_[i].level() != level) continue;
    ObjectId id = paths_[i].item().child();
    if (last == nullptr || id != last_id) {
      ASSIGN_OR_RETURN(last, paths_[i].ReadChild());
      last_id = id;
    }
    RETURN_IF_ERROR(paths_[i].Enter(last));
  }
  return {};
}

}  // namespace rhizo::tree
