#include "tree/node_writer.h"

#include <algorithm>
#include <utility>

#include "object/object_kind.h"
#include "tree/node.h"

namespace rhizo::tree {
namespace {

size_t SharedBytes(std::string_view a, std::string_view b) {
  size_t limit = std::min(a.size(), b.size());
  size_t shared = 0;
  while (shared < limit && a[shared] == b[shared]) ++shared;
  return shared;
}

}  // namespace

void NodeWriter::Add(const Item& item) {
  CHECK(empty() || last_key_ < item.key);
  CHECK(item.key.size() <= kMaxKeyBytes);
  if (empty()) node_.first_key = item.key;
  EncodeKey(item.key);
  EncodePayload(item);
  borders_.Take(item);
  ++node_.items;
  CHECK(!__builtin_add_overflow(node_.count, item.count, &node_.count));
  CHECK(!__builtin_add_overflow(node_.weight, item.weight, &node_.weight));
}

void NodeWriter::EncodeKey(std::string_view key) {
  size_t shared = SharedBytes(last_key_, key);
  items_.Varint(shared);
  items_.String(key.substr(shared));
  last_key_.resize(shared);
  last_key_.append(key.substr(shared));
}

void NodeWriter::EncodePayload(const Item& item) {
  if (level_ == 0) {
    CHECK(item.payload.size() <= kMaxValueBytes);
    items_.Varint(item.weight);
    items_.String(item.payload);
  } else {
    CHECK(item.payload.size() == ObjectId::kSize && item.count > 0);
    items_.Raw(item.payload);
    items_.Varint(item.count);
    items_.Varint(item.weight);
  }
}

WrittenNode NodeWriter::Take() {
  Encoder encoder;
  object::EncodeHeader(encoder, object::ObjectKind::kTreeNode, kTreeNodeVersion);
  encoder.U8(level_);
  encoder.Varint(node_.items);
  encoder.Raw(items_.bytes());
  node_.bytes = std::move(encoder).Take();
  items_ = Encoder();
  last_key_.clear();
  borders_.Restart();
  return std::exchange(node_, {});
}

}  // namespace rhizo::tree
