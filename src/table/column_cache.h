// Decoded columns, kept by (segment, field): what it holds is immutable, so nothing is ever
// invalidated, and every table, version and branch shares it. Bounded in bytes; least recently used
// goes first. Vectors are FLAT, or for VARCHAR a DICTIONARY over FLAT with a selection of its own,
// so concurrent readers never race (docs/design/0002-engine-behind-the-fence.md). The cache dies
// before the engine. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "engine/duckdb_headers.h"

namespace rhizo::table {

// All rows of one field of one segment, in vectors of STANDARD_VECTOR_SIZE (the last may be
// shorter), with the statistics of each vector (for skipping).
struct DecodedColumn {
  duckdb::LogicalType type;
  uint64_t rows = 0;
  std::vector<duckdb::Vector> vectors;
  std::vector<duckdb::BaseStatistics> zones;
  std::optional<uint64_t> max_length;  // of strings, in bytes
  uint64_t size_bytes = 0;
};

struct CacheStatistics {
  uint64_t hits = 0;
  uint64_t misses = 0;
  uint64_t used_bytes = 0;
  uint64_t columns = 0;
};

struct SegmentDescription;
struct Sum128;
using Footer = duckdb::shared_ptr<duckdb::ParquetFileMetadataCache>;

// The last `capacity` things that were kept or found, by object. Thread-safe.
template <class Thing>
class RecentThings {
 public:
  explicit RecentThings(size_t capacity) : capacity_(capacity) {}

  Thing Find(const ObjectId& id) {
    std::lock_guard lock(mutex_);
    auto found = things_.find(id);
    if (found == things_.end()) return nullptr;
    recent_.splice(recent_.begin(), recent_, found->second.second);
    return found->second.first;
  }

  void Keep(const ObjectId& id, Thing thing) {
    std::lock_guard lock(mutex_);
    if (things_.contains(id)) return;
    recent_.push_front(id);
    things_.emplace(id, std::pair(std::move(thing), recent_.begin()));
    if (things_.size() <= capacity_) return;
    things_.erase(recent_.back());
    recent_.pop_back();
  }

  void Clear() {
    std::lock_guard lock(mutex_);
    things_.clear();
    recent_.clear();
  }

 private:
  const size_t capacity_;
  std::mutex mutex_;
  std::list<ObjectId> recent_;  // front: most recently used
  std::unordered_map<ObjectId, std::pair<Thing, std::list<ObjectId>::iterator>> things_;
};

class ColumnCache {
 public:
  explicit ColumnCache(uint64_t capacity_bytes) : capacity_bytes_(capacity_bytes) {}

  using Load = std::function<Result<std::shared_ptr<const DecodedColumn>>()>;
  // The cached column, or what `load` makes (kept if it fits). One load per key at a time.
  Result<std::shared_ptr<const DecodedColumn>> Get(const ObjectId& segment, FieldId field,
                                                   const Load& load);
  // The cached column, or null; does not load.
  std::shared_ptr<const DecodedColumn> Peek(const ObjectId& segment, FieldId field);
  // Notes that the column was wanted; true if it was before. For readers that keep a column only
  // when it is wanted again.
  bool Touch(const ObjectId& segment, FieldId field);
  // Parsed footers of Parquet segments and descriptions of segments, the last few thousand used.
  Footer FindFooter(const ObjectId& segment);
  void KeepFooter(const ObjectId& segment, Footer footer);
  std::shared_ptr<const SegmentDescription> FindDescription(const ObjectId& id);
  void KeepDescription(const ObjectId& id, std::shared_ptr<const SegmentDescription> description);
  // Sums of rows' hashes (table/fingerprint.h), by what they depend on.
  std::shared_ptr<const Sum128> FindSum(const ObjectId& key);
  void KeepSum(const ObjectId& key, std::shared_ptr<const Sum128> sum);

  void Clear();
  CacheStatistics Statistics() const;

 private:
  struct Key {
    ObjectId segment;
    FieldId field;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const {
      return std::hash<ObjectId>()(key.segment) ^
             (static_cast<size_t>(key.field) * 0x9e3779b97f4a7c15u);
    }
  };
  struct Slot {
    std::mutex loading;
    std::shared_ptr<const DecodedColumn> column;
    std::list<Key>::iterator position;
  };

  void Keep(const Key& key, Slot* slot, std::shared_ptr<const DecodedColumn> column);
  void Forget(const Key& key, Slot* slot);
  void EvictLocked();

  const uint64_t capacity_bytes_;
  mutable std::mutex mutex_;
  std::unordered_map<Key, std::shared_ptr<Slot>, KeyHash> slots_;
  std::list<Key> recent_;  // front: most recently used
  std::unordered_set<Key, KeyHash> touched_;
  uint64_t used_bytes_ = 0;
  uint64_t hits_ = 0;
  uint64_t misses_ = 0;
  RecentThings<Footer> footers_{1024};
  RecentThings<std::shared_ptr<const SegmentDescription>> descriptions_{16384};
  RecentThings<std::shared_ptr<const Sum128>> sums_{65536};
};

}  // namespace rhizo::table
