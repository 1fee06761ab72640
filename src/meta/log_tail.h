// Rows of the log that are not in `buckets` yet, decoded and searchable. Bounded: folding empties
// it. Not thread-safe.
#pragma once

#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "meta/key_index.h"
#include "meta/log_record.h"

namespace rhizo::meta {

using SharedRecord = std::shared_ptr<const LogRecord>;

class LogTail final {
 public:
  void Add(uint64_t seq, SharedRecord record);
  // Forgets rows up to `seq`: they are folded.
  void DropUpTo(uint64_t seq);
  void Clear();

  // Appends the places of `key`.
  void FindPlaces(uint64_t key, std::vector<Place>& places) const;
  // Entries whose key has the first `bits` bits of `key`. Looks at all.
  std::vector<IndexEntry> FindByPrefix(uint64_t key, int bits) const;
  // Null if that row is not here.
  SharedRecord Find(uint64_t seq) const;

  size_t rows() const { return records_.size(); }
  size_t entries() const { return places_.size(); }
  void AppendEntriesTo(std::vector<IndexEntry>& out) const;
  const std::map<uint64_t, SharedRecord>& records() const { return records_; }

 private:
  std::map<uint64_t, SharedRecord> records_;
  std::unordered_multimap<uint64_t, Place> places_;
};

}  // namespace rhizo::meta
