// Whole-tree walks: what a map reaches, and whether it is sound.
#pragma once

#include <functional>

#include "tree/item.h"
#include "tree/tree.h"

namespace rhizo::tree {

// Calls `enter` with the id of every node, parents first; false skips the node and all below (seen
// already). `entry`, if given, is called with the entries of the leaves entered; without it no leaf
// is read. The zero root reaches nothing.
Status ForEachNode(const Tree& tree, const std::function<bool(const ObjectId&)>& enter,
                   const std::function<Status(const Item&)>& entry = {});

// Reads the whole tree and builds it again: kCorruption unless every node is where, and as, its
// entries say. (Reading checks single nodes; only this checks that borders lie where the rule puts
// them, which an equal root for equal content depends on.)
Status VerifyTree(const Tree& tree);

}  // namespace rhizo::tree
