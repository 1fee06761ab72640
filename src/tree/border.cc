#include "tree/border.h"

#include "base/blake3.h"

namespace rhizo::tree {
namespace {

bool Chosen(uint8_t level, std::string_view key) {
  Hash256 hash = Blake3(key);
  return hash.bytes[level % Hash256::kSize] < LimitsOf(level).chance;
}

}  // namespace

bool Borders::StartsNode(const Item& item) const {
  const BorderLimits& limits = LimitsOf(level_);
  if (items_ == 0 || items_ >= limits.max_items) return true;
  if (last_is_large_ || IsLarge(level_, item.payload)) return true;
  if (items_ >= 2 && key_bytes_ + item.key.size() > kMaxNodeKeyBytes) return true;
  return items_ >= limits.min_items && Chosen(level_, item.key);
}

void Borders::Take(const Item& item) {
  ++items_;
  key_bytes_ += item.key.size();
  last_is_large_ = IsLarge(level_, item.payload);
}

}  // namespace rhizo::tree
