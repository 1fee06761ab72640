#include "tree/node.h"

#include <algorithm>

#include "object/object_kind.h"
#include "tree/border.h"
#include "tree/node_writer.h"

namespace rhizo::tree {
namespace {

// Whether `rest`, put behind the first `shared` bytes of `before`, is a greater key and `shared` is
// as large as it can be.
bool ContinuesCanonically(std::string_view before, size_t shared, std::string_view rest) {
  if (rest.empty() || shared > before.size()) return false;
  if (shared == before.size()) return true;
  return static_cast<uint8_t>(rest[0]) > static_cast<uint8_t>(before[shared]);
}

}  // namespace

Result<NodePtr> Node::Decode(object::ObjectBytes bytes) {
  std::shared_ptr<Node> node(new Node(std::move(bytes)));
  Decoder decoder(node->bytes());
  object::DecodeHeader(decoder, object::ObjectKind::kTreeNode, kTreeNodeVersion);
  node->level_ = decoder.U8();
  if (node->level_ > kMaxLevel) decoder.Fail();
  node->DecodeItems(decoder);
  RETURN_IF_ERROR(decoder.Finish("tree node"));
  return NodePtr(std::move(node));
}

NodePtr Node::Empty() {
  static const NodePtr empty =
      Decode(std::make_shared<const std::string>(NodeWriter(0).Take().bytes)).value();
  return empty;
}

void Node::DecodeItems(Decoder& decoder) {
  uint64_t items = decoder.Count(4);
  if (items > LimitsOf(level_).max_items || (items == 0 && !is_leaf())) decoder.Fail();
  if (decoder.failed()) items = 0;
  slots_.reserve(items + 1);
  slots_.push_back({});
  keys_.reserve(decoder.remaining());
  for (uint64_t i = 0; i < items && !decoder.failed(); ++i) {
    if (!DecodeKey(decoder) || !Append(DecodePayload(decoder))) decoder.Fail();
  }
}

// Appends the key to keys_ and opens its slot.
bool Node::DecodeKey(Decoder& decoder) {
  uint64_t shared = decoder.Varint();
  std::string_view rest = decoder.String();
  if (decoder.failed()) return false;
  std::string_view before = empty() ? std::string_view() : key(size() - 1);
  bool canonical = empty() ? shared == 0 : ContinuesCanonically(before, shared, rest);
  if (!canonical || shared + rest.size() > kMaxKeyBytes) return false;
  slots_.back().key_begin = static_cast<uint32_t>(keys_.size());
  if (shared > 0) keys_.append(keys_, keys_.size() - before.size(), shared);
  keys_.append(rest);
  slots_.back().key_end = static_cast<uint32_t>(keys_.size());
  return true;
}

Item Node::DecodePayload(Decoder& decoder) const {
  Item item;
  if (is_leaf()) {
    item.weight = decoder.Varint();
    item.payload = decoder.String();
    if (item.payload.size() > kMaxValueBytes) decoder.Fail();
  } else {
    item.payload = decoder.Raw(ObjectId::kSize);
    item.count = decoder.Varint();
    item.weight = decoder.Varint();
    if (item.count == 0) decoder.Fail();
  }
  return item;
}

// Fills the open slot and opens the next with the sums so far.
bool Node::Append(const Item& item) {
  Slot sums = {};
  bool overflow =
      __builtin_add_overflow(slots_.back().count_before, item.count, &sums.count_before) ||
      __builtin_add_overflow(slots_.back().weight_before, item.weight, &sums.weight_before);
  slots_.back().payload = item.payload;
  slots_.push_back(sums);
  return !overflow && sums.count_before <= kMaxEntries;
}

std::string_view Node::key(size_t index) const {
  const Slot& slot = slots_[index];
  return std::string_view(keys_).substr(slot.key_begin, slot.key_end - slot.key_begin);
}

Item Node::item(size_t index) const {
  return {.key = key(index),
          .payload = slots_[index].payload,
          .count = count_before(index + 1) - count_before(index),
          .weight = weight_before(index + 1) - weight_before(index)};
}

size_t Node::LowerBound(std::string_view wanted) const {
  size_t low = 0;
  size_t high = size();
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (key(middle) < wanted) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

size_t Node::Covering(std::string_view wanted) const {
  size_t index = LowerBound(wanted);
  bool exact = index < size() && key(index) == wanted;
  return exact || index == 0 ? index : index - 1;
}

size_t Node::HoldingRank(uint64_t rank) const {
  auto after =
      std::upper_bound(slots_.begin(), slots_.end(), rank,
                       [](uint64_t value, const Slot& slot) { return value < slot.count_before; });
  return after == slots_.end() ? size() : after - slots_.begin() - 1;
}

size_t Node::HoldingWeight(uint64_t unit) const {
  auto after =
      std::upper_bound(slots_.begin(), slots_.end(), unit,
                       [](uint64_t value, const Slot& slot) { return value < slot.weight_before; });
  return after == slots_.end() ? size() : after - slots_.begin() - 1;
}

}  // namespace rhizo::tree
