#include "tree/visit.h"

#include "tree/builder.h"
#include "tree/cursor.h"

namespace rhizo::tree {

Status ForEachNode(const Tree& tree, const std::function<bool(const ObjectId&)>& enter,
                   const std::function<Status(const Item&)>& entry) {
  if (tree.root().IsZero() || !enter(tree.root())) return {};
  Path path(tree.reader());
  RETURN_IF_ERROR(path.Open(tree.root()));
  while (!path.done()) {
    if (path.level() == 0) {
      if (entry) RETURN_IF_ERROR(entry(path.item()));
      path.Advance();
    } else if (!enter(path.item().child()) || (path.level() == 1 && !entry)) {
      path.Advance();
    } else {
      RETURN_IF_ERROR(path.DescendToFirst(path.level() - 1));
    }
  }
  return {};
}

Status VerifyTree(const Tree& tree) {
  object::Staging scratch(nullptr);
  Builder builder(&scratch);
  Cursor cursor(tree);
  RETURN_IF_ERROR(cursor.SeekToFirst());
  while (cursor.Valid()) {
    RETURN_IF_ERROR(builder.Add(cursor.key(), cursor.value(), cursor.weight()));
    if (cursor.rank() % 4096 == 0) scratch.Clear();
    RETURN_IF_ERROR(cursor.Next());
  }
  ASSIGN_OR_RETURN(Root rebuilt, builder.Finish());
  if (tree.root().IsZero() || rebuilt.id == tree.root()) return {};
  return Corruption("tree " + tree.root().Short() + " is not the tree of its entries, which is " +
                    rebuilt.id.Short());
}

}  // namespace rhizo::tree
