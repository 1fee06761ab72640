#include "tree/tree.h"

#include "base/blake3.h"
#include "tree/path.h"

namespace rhizo::tree {

Root EmptyRoot() { return {.id = ObjectIdOf(Node::Empty()->bytes())}; }

Result<std::optional<std::string>> Tree::Get(std::string_view key) const {
  Path path(reader_);
  RETURN_IF_ERROR(path.Open(root_));
  RETURN_IF_ERROR(path.DescendTowards(key, 0));
  path.MoveTo(path.node()->LowerBound(key));
  if (path.done() || path.item().key != key) return std::optional<std::string>();
  return std::optional<std::string>(path.item().payload);
}

Result<Root> Tree::Describe() const {
  if (root_.IsZero()) return EmptyRoot();
  Path path(reader_);
  RETURN_IF_ERROR(path.Open(root_));
  return Root{.id = root_, .count = path.root()->count(), .weight = path.root()->weight()};
}

}  // namespace rhizo::tree
