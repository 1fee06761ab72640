// Where the thing with this key lies: table `buckets`, a hash table on disk that grows by one
// bucket at a time (linear hashing: Litwin, VLDB 1980). Buckets are numbered densely and each is
// one checksummed row, so what is not in its bucket is proved to be absent by reading that one row.
//
//   bucket row = n entries, sorted: key 8 bytes big endian | seq * 65536 + ordinal u64, then the
//   checksum bucket of a key = r mod 2^(k+1) if that exists, else r mod 2^k, where 2^k <= buckets <
//   2^(k+1) and r is the key with its bits in reverse order: keys that begin alike lie together
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "meta/log_record.h"
#include "meta/store_state.h"

namespace rhizo::meta {

struct IndexEntry {
  uint64_t key = 0;
  Place place;
  friend auto operator<=>(const IndexEntry&, const IndexEntry&) = default;
};

inline constexpr uint64_t kEntriesPerBucket = 64;  // on average

uint64_t BucketOf(uint64_t key, uint64_t buckets);

// Appends the places of `key` to `places`.
Status FindPlaces(Connection& connection, const StoreState& state, uint64_t key,
                  std::vector<Place>& places);
// Entries whose key has the first `bits` bits of `key`, at least as many bits as buckets are
// numbered with.
Result<std::vector<IndexEntry>> FindByPrefix(Connection& connection, const StoreState& state,
                                             uint64_t key, int bits);
Result<std::vector<IndexEntry>> ReadBucket(Connection& connection, uint64_t bucket);
Status WriteBucket(Connection& connection, uint64_t bucket, std::vector<IndexEntry> entries);
// Adds entries that are not there yet, growing the table; counts them in `state`.
Status AddEntries(Connection& connection, StoreState& state,
                  const std::vector<IndexEntry>& entries);

}  // namespace rhizo::meta
