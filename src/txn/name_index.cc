#include "txn/name_index.h"

#include "base/name.h"
#include "tree/diff.h"
#include "tree/tree.h"

namespace rhizo::txn {
namespace {

std::string Fold(const model::QualifiedName& name) { return FoldName(name.ToString()); }

}  // namespace

Result<std::optional<model::StateEntry>> FindState(object::ObjectReader* reader,
                                                   const ObjectId& root,
                                                   const model::QualifiedName& name) {
  if (root.IsZero()) return std::optional<model::StateEntry>();
  tree::Tree tree(reader, root);
  ASSIGN_OR_RETURN(auto value, tree.Get(model::Encode(model::StateKey::OfTable(name))));
  if (!value) return std::optional<model::StateEntry>();
  ASSIGN_OR_RETURN(auto entry, model::DecodeStateEntry(*value));
  return std::optional(entry);
}

Result<std::optional<model::QualifiedName>> NameIndex::FindTwin(object::ObjectReader* reader,
                                                                const ObjectId& root,
                                                                const model::QualifiedName& name) {
  std::lock_guard lock(mutex_);
  RETURN_IF_ERROR(MoveTo(reader, root));
  auto [begin, end] = folded_.equal_range(Fold(name));
  for (auto found = begin; found != end; ++found) {
    if (found->second != name) return std::optional(found->second);
  }
  return std::optional<model::QualifiedName>();
}

Status NameIndex::MoveTo(object::ObjectReader* reader, const ObjectId& root) {
  if (root == root_) return {};
  auto follow = [&](const tree::DiffEntry& entry) -> Status {
    ASSIGN_OR_RETURN(auto key, model::DecodeStateKey(entry.key));
    if (key.kind != model::StateKind::kTable || entry.before.has_value() == entry.after.has_value())
      return {};
    auto name = key.qualified_name();
    if (entry.after) {
      folded_.emplace(Fold(name), name);
      return {};
    }
    auto [begin, end] = folded_.equal_range(Fold(name));
    for (auto found = begin; found != end; ++found) {
      if (found->second != name) continue;
      folded_.erase(found);
      break;
    }
    return {};
  };
  auto status = tree::Diff(tree::Tree(reader, root_), tree::Tree(reader, root), follow);
  if (status) {
    root_ = root;
    return {};
  }
  const bool was_empty = root_.IsZero();
  root_ = ObjectId();
  folded_.clear();
  // The state known so far may be gone: one that never landed, or that nobody keeps any more.
  return was_empty ? status : MoveTo(reader, root);
}

}  // namespace rhizo::txn
