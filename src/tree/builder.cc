#include "tree/builder.h"

#include <utility>

namespace rhizo::tree {

Status CheckLengths(std::string_view key, std::string_view value) {
  if (key.size() > kMaxKeyBytes) {
    return InvalidArgument("adding to a tree: the key has " + std::to_string(key.size()) +
                           " bytes, at most " + std::to_string(kMaxKeyBytes) + " are allowed");
  }
  if (value.size() > kMaxValueBytes) {
    return InvalidArgument("adding to a tree: the value has " + std::to_string(value.size()) +
                           " bytes, at most " + std::to_string(kMaxValueBytes) + " are allowed");
  }
  return {};
}

Tower::Tower(object::Staging* out, uint8_t bottom) : out_(out), bottom_(bottom) {
  open_.emplace_back(bottom);
}

void Tower::AddAt(size_t height, const Item& item) {
  if (height == open_.size()) open_.emplace_back(static_cast<uint8_t>(bottom_ + height));
  NodeWriter& writer = open_[height];
  if (!writer.empty() && writer.StartsNode(item)) CloseNode(height);
  writer.Add(item);
}

void Tower::CloseNode(size_t height) {
  WrittenNode node = open_[height].Take();
  ObjectId id = out_->Add(std::move(node.bytes));
  AddAt(height + 1,
        {.key = node.first_key, .payload = id.view(), .count = node.count, .weight = node.weight});
}

Root Tower::Finish() {
  for (size_t height = 0; height + 1 < open_.size(); ++height) CloseNode(height);
  WrittenNode root = open_.back().Take();
  return {.id = out_->Add(std::move(root.bytes)), .count = root.count, .weight = root.weight};
}

Status Builder::Add(std::string_view key, std::string_view value, uint64_t weight) {
  RETURN_IF_ERROR(CheckLengths(key, value));
  if (any_ && key <= last_key_) {
    return InvalidArgument("building a tree: the keys do not ascend");
  }
  if (__builtin_add_overflow(weight_, weight, &weight_)) {
    return InvalidArgument("building a tree: the weights exceed 64 bits");
  }
  any_ = true;
  last_key_.assign(key);
  tower_.Add({.key = key, .payload = value, .weight = weight});
  return {};
}

}  // namespace rhizo::tree
