#include "object/object_cache.h"

#include "base/blake3.h"
#include "object/object_error.h"

namespace rhizo::object {

ObjectCache::ObjectCache(Loader load, size_t capacity_bytes)
    : load_(std::move(load)), shard_capacity_bytes_(capacity_bytes / kShards) {}

Result<ObjectBytes> ObjectCache::Read(const ObjectId& id) {
  if (auto found = Find(id)) return found;
  ASSIGN_OR_RETURN(ObjectBytes bytes, Load(id));
  Insert(id, bytes);
  return bytes;
}

Result<ObjectBytes> ObjectCache::Load(const ObjectId& id) {
  auto loaded = load_(id);
  if (!loaded && loaded.error().code() == ErrorCode::kObjectNotFound) {
    return ObjectDamaged(id, "it is missing");
  }
  if (!loaded) return std::move(loaded).error();
  if (ObjectIdOf(*loaded) != id) {
    return ObjectDamaged(id, "its bytes are not those it was named by");
  }
  return std::make_shared<const std::string>(std::move(loaded).value());
}

void ObjectCache::Insert(const ObjectId& id, ObjectBytes bytes) {
  const size_t cost = CostOf(bytes);
  if (cost > shard_capacity_bytes_) return;
  Shard& shard = ShardOf(id);
  std::lock_guard lock(shard.mutex);
  if (shard.index.contains(id)) return;
  shard.entries.push_front({id, std::move(bytes)});
  shard.index.emplace(id, shard.entries.begin());
  shard.size_bytes += cost;
  Evict(shard);
}

ObjectBytes ObjectCache::Find(const ObjectId& id) {
  Shard& shard = ShardOf(id);
  std::lock_guard lock(shard.mutex);
  auto found = shard.index.find(id);
  if (found == shard.index.end()) return nullptr;
  shard.entries.splice(shard.entries.begin(), shard.entries, found->second);
  return found->second->bytes;
}

void ObjectCache::Evict(Shard& shard) {
  while (shard.size_bytes > shard_capacity_bytes_) {
    const Entry& oldest = shard.entries.back();
    shard.size_bytes -= CostOf(oldest.bytes);
    shard.index.erase(oldest.id);
    shard.entries.pop_back();
  }
}

void ObjectCache::Clear() {
  for (Shard& shard : shards_) {
    std::lock_guard lock(shard.mutex);
    shard.index.clear();
    shard.entries.clear();
    shard.size_bytes = 0;
  }
}

size_t ObjectCache::size_bytes() const {
  size_t total = 0;
  for (const Shard& shard : shards_) {
    std::lock_guard lock(shard.mutex);
    total += shard.size_bytes;
  }
  return total;
}

size_t ObjectCache::CostOf(const ObjectBytes& bytes) {
  constexpr size_t kBookkeepingBytes = 192;  // list node, index node, string and its counts
  return bytes->capacity() + kBookkeepingBytes;
}

// The last byte: the first ones choose the bucket inside the shard.
ObjectCache::Shard& ObjectCache::ShardOf(const ObjectId& id) {
  return shards_[id.bytes.back() % kShards];
}

}  // namespace rhizo::object
