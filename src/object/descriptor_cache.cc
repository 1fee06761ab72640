#include "object/descriptor_cache.h"

#include <algorithm>

namespace rhizo::object {

std::shared_ptr<io::File> DescriptorCache::Find(const ObjectId& id) {
  std::lock_guard lock(mutex_);
  auto found = std::ranges::find(entries_, id, &Entry::id);
  if (found == entries_.end()) return nullptr;
  std::rotate(found, found + 1, entries_.end());
  return entries_.back().file;
}

void DescriptorCache::Insert(const ObjectId& id, std::shared_ptr<io::File> file) {
  std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const Entry& entry) { return entry.id == id; });
  if (entries_.size() == capacity_) entries_.erase(entries_.begin());
  entries_.push_back({id, std::move(file)});
}

void DescriptorCache::Erase(const ObjectId& id) {
  std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const Entry& entry) { return entry.id == id; });
}

void DescriptorCache::Clear() {
  std::lock_guard lock(mutex_);
  entries_.clear();
}

}  // namespace rhizo::object
