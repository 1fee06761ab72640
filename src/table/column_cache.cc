#include "table/column_cache.h"

namespace rhizo::table {

using Column = std::shared_ptr<const DecodedColumn>;

namespace {

// Touched columns that are remembered, 40 bytes each; then all are forgotten.
constexpr size_t kMaxTouched = 1 << 18;

}  // namespace

Result<Column> ColumnCache::Get(const ObjectId& segment, FieldId field, const Load& load) {
  Key key{segment, field};
  std::shared_ptr<Slot> slot;
  {
    std::lock_guard lock(mutex_);
    auto& found = slots_[key];
    if (!found) found = std::make_shared<Slot>();
    slot = found;
    if (slot->column) {
      ++hits_;
      recent_.splice(recent_.begin(), recent_, slot->position);
      return slot->column;
    }
    ++misses_;
  }
  std::lock_guard loading(slot->loading);
  {
    std::lock_guard lock(mutex_);
    if (slot->column) return slot->column;  // another thread loaded it meanwhile
  }
  auto column = load();
  if (column) {
    Keep(key, slot.get(), *column);
  } else {
    Forget(key, slot.get());
  }
  return column;
}

Column ColumnCache::Peek(const ObjectId& segment, FieldId field) {
  std::lock_guard lock(mutex_);
  auto found = slots_.find({segment, field});
  return found == slots_.end() ? nullptr : found->second->column;
}

void ColumnCache::Keep(const Key& key, Slot* slot, Column column) {
  std::lock_guard lock(mutex_);
  // Forgotten by Clear(), or too large to stay.
  auto found = slots_.find(key);
  if (found == slots_.end() || found->second.get() != slot) return;
  if (column->size_bytes > capacity_bytes_) {
    slots_.erase(found);
    return;
  }
  used_bytes_ += column->size_bytes;
  slot->column = std::move(column);
  recent_.push_front(key);
  slot->position = recent_.begin();
  EvictLocked();
}

void ColumnCache::Forget(const Key& key, Slot* slot) {
  std::lock_guard lock(mutex_);
  auto found = slots_.find(key);
  if (found != slots_.end() && found->second.get() == slot) slots_.erase(found);
}

void ColumnCache::EvictLocked() {
  while (used_bytes_ > capacity_bytes_ && !recent_.empty()) {
    auto oldest = slots_.find(recent_.back());
    used_bytes_ -= oldest->second->column->size_bytes;
    slots_.erase(oldest);
    recent_.pop_back();
  }
}

bool ColumnCache::Touch(const ObjectId& segment, FieldId field) {
  std::lock_guard lock(mutex_);
  if (touched_.size() >= kMaxTouched) touched_.clear();
  return !touched_.insert({segment, field}).second;
}

Footer ColumnCache::FindFooter(const ObjectId& segment) { return footers_.Find(segment); }

void ColumnCache::KeepFooter(const ObjectId& segment, Footer footer) {
  footers_.Keep(segment, std::move(footer));
}

std::shared_ptr<const SegmentDescription> ColumnCache::FindDescription(const ObjectId& id) {
  return descriptions_.Find(id);
}

void ColumnCache::KeepDescription(const ObjectId& id,
                                  std::shared_ptr<const SegmentDescription> description) {
  descriptions_.Keep(id, std::move(description));
}

std::shared_ptr<const Sum128> ColumnCache::FindSum(const ObjectId& key) { return sums_.Find(key); }

void ColumnCache::KeepSum(const ObjectId& key, std::shared_ptr<const Sum128> sum) {
  sums_.Keep(key, std::move(sum));
}

void ColumnCache::Clear() {
  {
    std::lock_guard lock(mutex_);
    slots_.clear();
    recent_.clear();
    touched_.clear();
    used_bytes_ = 0;
  }
  footers_.Clear();
  descriptions_.Clear();
}

CacheStatistics ColumnCache::Statistics() const {
  std::lock_guard lock(mutex_);
  return {hits_, misses_, used_bytes_, recent_.size()};
}

}  // namespace rhizo::table
