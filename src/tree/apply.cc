#include "tree/apply.h"

#include <utility>

#include "tree/builder.h"
#include "tree/level_pass.h"
#include "tree/tree.h"

namespace rhizo::tree {
namespace {

// No map of fewer than 2^31 entries is higher; leaves room to grow for a tree that somebody forged.
constexpr uint8_t kMaxRootLevel = 32;

Status CheckEdits(const std::vector<Edit>& edits, uint64_t weight) {
  for (size_t i = 0; i < edits.size(); ++i) {
    std::string_view value = edits[i].value ? *edits[i].value : std::string_view();
    RETURN_IF_ERROR(CheckLengths(edits[i].key, value));
    if (i > 0 && edits[i].key <= edits[i - 1].key) {
      return InvalidArgument("editing a tree: the keys do not ascend");
    }
    if (__builtin_add_overflow(weight, edits[i].weight, &weight)) {
      return InvalidArgument("editing a tree: the weights exceed 64 bits");
    }
  }
  return {};
}

std::vector<ItemEdit> LeafEdits(std::vector<Edit> edits) {
  std::vector<ItemEdit> items;
  items.reserve(edits.size());
  for (Edit& edit : edits) {
    items.push_back(
        {.key = std::move(edit.key), .payload = std::move(edit.value), .weight = edit.weight});
  }
  return items;
}

// While the highest node has one child, the child is the root.
Result<Root> LowerRoot(object::Staging* out, NodeSink* sink, ItemEdit top) {
  NodeReader reader(out);
  while (true) {
    ObjectId id = ObjectId::FromBytes(*top.payload);
    const std::string* held = sink->HeldBack(id);
    auto read = held ? Node::Decode(std::make_shared<const std::string>(*held)) : reader.Read(id);
    ASSIGN_OR_RETURN(NodePtr node, std::move(read));
    if (node->is_leaf() || node->size() > 1) {
      sink->Finish(node->level());
      return Root{.id = id, .count = node->count(), .weight = node->weight()};
    }
    top.payload = std::string(node->item(0).payload);
  }
}

// The root above `nodes`, which are all nodes of `level`.
Result<Root> RaiseRoot(object::Staging* out, NodeSink* sink, uint8_t level,
                       const std::vector<ItemEdit>& nodes) {
  if (nodes.size() == 1) return LowerRoot(out, sink, nodes[0]);
  sink->Finish(level);
  if (nodes.empty()) return Builder(out).Finish();
  Tower tower(out, level + 1);
  for (const ItemEdit& node : nodes) tower.Add(node.item());
  return tower.Finish();
}

}  // namespace

Result<Root> Apply(object::Staging* out, const ObjectId& root, std::vector<Edit> edits) {
  Path path(out);
  RETURN_IF_ERROR(path.Open(root));
  if (path.level() > kMaxRootLevel) return Corruption("editing a tree: it is too high");
  RETURN_IF_ERROR(CheckEdits(edits, path.root()->weight()));
  NodeSink sink(out);
  std::vector<ItemEdit> changes = LeafEdits(std::move(edits));
  for (uint8_t level = 0;; ++level) {
    LevelPass pass(&path, &sink, level);
    ASSIGN_OR_RETURN(changes, pass.Run(changes));
    bool unchanged = changes.empty();
    if (unchanged && !root.IsZero()) return Tree(out, root).Describe();
    if (level == path.root()->level()) return RaiseRoot(out, &sink, level, pass.written());
  }
}

}  // namespace rhizo::tree
