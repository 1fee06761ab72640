#include "tree/level_pass.h"

#include <algorithm>

#include "base/blake3.h"

namespace rhizo::tree {
namespace {

ItemEdit AsEdit(const Item& item) {
  return {.key = std::string(item.key),
          .payload = std::string(item.payload),
          .count = item.count,
          .weight = item.weight};
}

}  // namespace

ObjectId NodeSink::Add(WrittenNode node, uint8_t level) {
  if (level == 0 || node.items > 1) return out_->Add(std::move(node.bytes));
  ObjectId id = ObjectIdOf(node.bytes);
  held_.push_back({.id = id, .level = level, .bytes = std::move(node.bytes)});
  return id;
}

const std::string* NodeSink::HeldBack(const ObjectId& id) const {
  for (const Held& held : held_) {
    if (held.id == id) return &held.bytes;
  }
  return nullptr;
}

void NodeSink::Finish(uint8_t root_level) {
  for (Held& held : held_) {
    if (held.level <= root_level) out_->Add(std::move(held.bytes));
  }
  held_.clear();
}

Result<std::vector<ItemEdit>> LevelPass::Run(const std::vector<ItemEdit>& edits) {
  edit_ = edits.begin();
  end_ = edits.end();
  changes_.clear();
  while (edit_ != end_) RETURN_IF_ERROR(RunRange());
  return std::move(changes_);
}

Status LevelPass::RunRange() {
  RETURN_IF_ERROR(OpenRange());
  while (true) {
    MergeNode();
    RETURN_IF_ERROR(path_->LeaveNode());
    if (path_->done()) {
      ApplyEditsBelow(nullptr);
      break;
    }
    Item next = path_->item();
    ApplyEditsBelow(&next);
    if (InStep(next)) break;
    RETURN_IF_ERROR(path_->DescendToFirst(level_));
  }
  if (!writer_.empty()) CloseNode();
  CloseRange();
  return {};
}

// An edit that may take a node's border away concerns the node before: the range begins there.
Status LevelPass::OpenRange() {
  shifted_ = false;
  replaced_.clear();
  written_.clear();
  RETURN_IF_ERROR(path_->DescendTowards(edit_->key, level_));
  if (!path_->IsFirstNode() && edit_->key == path_->Self().key &&
      MayMoveBorder(*edit_, path_->Self())) {
    return path_->PreviousNode();
  }
  return {};
}

void LevelPass::MergeNode() {
  replaced_.push_back(AsEdit(path_->Self()));
  old_nodes_[1] = std::exchange(old_nodes_[0], path_->node());
  const Node& node = *path_->node();
  for (size_t i = 0; i < node.size(); ++i) {
    Item item = node.item(i);
    ApplyEditsBelow(&item);
    if (edit_ != end_ && edit_->key == item.key) {
      ApplyEdit(item, i == 0);
    } else {
      Feed(item, i == 0);
    }
  }
}

// Edits of keys that the old level does not have, below `end` (null: all that are left).
void LevelPass::ApplyEditsBelow(const Item* end) {
  for (; edit_ != end_ && (!end || edit_->key < end->key); ++edit_) {
    if (!edit_->payload) continue;
    shifted_ = true;
    Feed(edit_->item(), false);
  }
}

void LevelPass::ApplyEdit(const Item& old, bool began_node) {
  const ItemEdit& edit = *edit_++;
  if (!edit.payload || IsLarge(level_, *edit.payload) != IsLarge(level_, old.payload)) {
    shifted_ = true;
  }
  if (edit.payload) Feed(edit.item(), began_node);
}

// Whether `edit`, of the first key of the old node that its parent lists as `node`, may leave that
// key without its border. Says yes when only reading the node would tell.
bool LevelPass::MayMoveBorder(const ItemEdit& edit, const Item& node) const {
  if (!edit.payload) return true;
  return level_ == 0 && (node.count == 1 || IsLarge(level_, *edit.payload));
}

// Whether the old node that begins with `next` begins in the new tree too, all before it being fed.
bool LevelPass::InStep(const Item& next) const {
  if (edit_ != end_ && edit_->key == next.key && MayMoveBorder(*edit_, next)) return false;
  if (!shifted_ || writer_.empty()) return true;
  bool may_be_large = level_ == 0 && next.count == 1;
  return !may_be_large && writer_.StartsNode({.key = next.key, .payload = {}});
}

// Until something shifted, nodes begin where the old ones did and the rule need not be asked.
void LevelPass::Feed(const Item& item, bool began_node) {
  if (!writer_.empty() && (shifted_ ? writer_.StartsNode(item) : began_node)) CloseNode();
  writer_.Add(item);
}

void LevelPass::CloseNode() {
  WrittenNode node = writer_.Take();
  ItemEdit written = {.key = std::move(node.first_key),
                      .payload = std::nullopt,
                      .count = node.count,
                      .weight = node.weight};
  std::optional<ObjectId> known = Unchanged(node);
  ObjectId id = known ? *known : sink_->Add(std::move(node), level_);
  written.payload = std::string(id.view());
  written_.push_back(std::move(written));
}

// The id of the old node with these bytes, if the range has one: it would end where this node does,
// so it is the old node being read or the one before.
std::optional<ObjectId> LevelPass::Unchanged(const WrittenNode& node) const {
  for (size_t back = 0; back < std::min<size_t>(2, replaced_.size()); ++back) {
    const ItemEdit& old = replaced_[replaced_.size() - 1 - back];
    if (old_nodes_[back]->bytes() == node.bytes) return ObjectId::FromBytes(*old.payload);
  }
  return std::nullopt;
}

// What became of the nodes of this range: replaced_ and written_ ascend by key.
void LevelPass::CloseRange() {
  auto old = replaced_.begin();
  for (const ItemEdit& node : written_) {
    for (; old != replaced_.end() && old->key < node.key; ++old) {
      changes_.push_back({.key = old->key, .payload = std::nullopt});
    }
    bool kept = old != replaced_.end() && old->key == node.key;
    if (!kept || old->payload != node.payload) changes_.push_back(node);
    if (kept) ++old;
  }
  for (; old != replaced_.end(); ++old) {
    changes_.push_back({.key = old->key, .payload = std::nullopt});
  }
}

}  // namespace rhizo::tree
