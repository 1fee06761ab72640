// The small objects that were read last, in memory: at most `capacity_bytes` of them (with what it
// costs to keep each), whatever the number of objects. An object was verified against its id before
// it got in. Thread-safe; split into shards so that readers seldom wait for each other.
#pragma once

#include <array>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "object/object_reader.h"

namespace rhizo::object {

class ObjectCache final : public ObjectReader {
 public:
  // Fetches the bytes of an object from where it is stored; called without any lock, by several
  // threads at once. kObjectNotFound becomes kCorruption; other errors pass.
  using Loader = std::function<Result<std::string>(const ObjectId&)>;

  ObjectCache(Loader load, size_t capacity_bytes);

  Result<ObjectBytes> Read(const ObjectId& id) override;
  // Keeps an object the caller just made or stored; `bytes` are trusted to be those of `id`.
  void Insert(const ObjectId& id, ObjectBytes bytes);
  // Forgets everything.
  void Clear();
  size_t size_bytes() const;

 private:
  struct Entry {
    ObjectId id;
    ObjectBytes bytes;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::list<Entry> entries;  // last used in front
    std::unordered_map<ObjectId, std::list<Entry>::iterator> index;
    size_t size_bytes = 0;
  };
  static constexpr size_t kShards = 16;

  static size_t CostOf(const ObjectBytes& bytes);
  Shard& ShardOf(const ObjectId& id);
  ObjectBytes Find(const ObjectId& id);
  Result<ObjectBytes> Load(const ObjectId& id);
  void Evict(Shard& shard);

  const Loader load_;
  const size_t shard_capacity_bytes_;
  std::array<Shard, kShards> shards_;
};

}  // namespace rhizo::object
