#include "tree/path.h"

#include <utility>

namespace rhizo::tree {
namespace {
constexpr size_t kInnerNodesKept = 1024;
}  // namespace

Result<NodePtr> NodeReader::Read(const ObjectId& id) {
  if (id.IsZero()) return Node::Empty();
  if (auto found = inner_.find(id); found != inner_.end()) return found->second;
  ASSIGN_OR_RETURN(auto bytes, reader_->Read(id));
  auto node = Node::Decode(std::move(bytes));
  if (!node) return std::move(node).error().In("reading tree node " + id.Short());
  if ((*node)->is_leaf()) return node;
  if (inner_.size() >= kInnerNodesKept) inner_.clear();
  inner_.emplace(id, *node);
  return node;
}

Status Path::Open(const ObjectId& root) {
  frames_.clear();
  ASSIGN_OR_RETURN(root_, nodes_.Read(root));
  root_id_ = root;
  if (!root_->is_leaf() && root_->size() < 2) {
    return Corruption("tree node " + root.Short() + " has one child: it cannot be a root");
  }
  Top();
  return {};
}

void Path::Top() {
  frames_.clear();
  frames_.push_back({.node = root_});
}

uint64_t Path::rank() const { return frames_.back().count_before + node()->count_before(index()); }

uint64_t Path::weight_before() const {
  return frames_.back().weight_before + node()->weight_before(index());
}

Item Path::Self() const {
  if (frames_.size() > 1) {
    const Frame& parent = frames_[frames_.size() - 2];
    return parent.node->item(parent.index);
  }
  return {.key = root_->empty() ? std::string_view() : root_->key(0),
          .payload = root_id_.view(),
          .count = root_->count(),
          .weight = root_->weight()};
}

// The item behind this one, here or above.
std::optional<Item> Path::After() const {
  for (size_t i = frames_.size(); i > 0; --i) {
    const Frame& frame = frames_[i - 1];
    if (frame.index + 1 < frame.node->size()) return frame.node->item(frame.index + 1);
  }
  return std::nullopt;
}

bool Path::IsFirstNode() const {
  for (size_t i = 0; i + 1 < frames_.size(); ++i) {
    if (frames_[i].index > 0) return false;
  }
  return true;
}

Result<NodePtr> Path::ReadChild() { return nodes_.Read(item().child()); }

Status Path::Enter(NodePtr child, size_t index) {
  RETURN_IF_ERROR(CheckFits(*child));
  Frame frame = {.node = std::move(child),
                 .index = index,
                 .count_before = rank(),
                 .weight_before = weight_before()};
  frames_.push_back(std::move(frame));
  return {};
}

Status Path::CheckFits(const Node& child) const {
  Item listed = item();
  bool fits = child.level() + 1 == level() && !child.empty() && child.key(0) == listed.key &&
              child.count() == listed.count && child.weight() == listed.weight;
  std::optional<Item> next = After();
  fits = fits && (!next || child.key(child.size() - 1) < next->key);
  if (fits) return {};
  return Corruption("tree node " + listed.child().Short() + " is not what its parent says");
}

Status Path::DescendToFirst(uint8_t target) {
  while (level() > target) {
    ASSIGN_OR_RETURN(auto child, ReadChild());
    RETURN_IF_ERROR(Enter(std::move(child)));
  }
  return {};
}

Status Path::DescendToLast(uint8_t target) {
  while (level() > target) {
    ASSIGN_OR_RETURN(auto child, ReadChild());
    size_t last = child->empty() ? 0 : child->size() - 1;
    RETURN_IF_ERROR(Enter(std::move(child), last));
  }
  return {};
}

Status Path::DescendTowards(std::string_view key, uint8_t target) {
  Top();
  while (level() > target) {
    MoveTo(node()->Covering(key));
    ASSIGN_OR_RETURN(auto child, ReadChild());
    RETURN_IF_ERROR(Enter(std::move(child)));
  }
  return {};
}

void Path::Advance() {
  while (!frames_.empty() && ++frames_.back().index >= frames_.back().node->size()) {
    frames_.pop_back();
  }
}

void Path::Retreat() {
  while (!frames_.empty() && frames_.back().index == 0) frames_.pop_back();
  if (!frames_.empty()) --frames_.back().index;
}

Status Path::LeaveNode() {
  uint8_t above = level() + 1;
  frames_.pop_back();
  Advance();
  return done() ? Status() : DescendToFirst(above);
}

Status Path::PreviousNode() {
  uint8_t here = level();
  frames_.pop_back();
  Retreat();
  CHECK(!frames_.empty());
  RETURN_IF_ERROR(DescendToLast(here));
  MoveTo(0);
  return {};
}

}  // namespace rhizo::tree
