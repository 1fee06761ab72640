#include "meta/key_index.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>

namespace rhizo::meta {

namespace {

constexpr std::string_view kTable = "buckets";
constexpr size_t kEntryBytes = 16;

uint64_t Pack(const Place& place) { return place.seq << 16 | place.ordinal; }

Place Unpack(uint64_t packed) { return {packed >> 16, static_cast<uint16_t>(packed & 0xffff)}; }

uint64_t LoadU64(std::string_view bytes, size_t offset) {
  uint64_t value;
  std::memcpy(&value, bytes.data() + offset, sizeof(value));
  return value;
}

uint64_t KeyAt(std::string_view entries, size_t i) {
  return __builtin_bswap64(LoadU64(entries, i * kEntryBytes));
}

IndexEntry EntryAt(std::string_view entries, size_t i) {
  return {KeyAt(entries, i), Unpack(LoadU64(entries, i * kEntryBytes + 8))};
}

// The number of the first entry with that key or a larger one.
size_t LowerBound(std::string_view entries, uint64_t key) {
  size_t low = 0, high = entries.size() / kEntryBytes;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (KeyAt(entries, middle) < key) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

uint64_t ReverseBits(uint64_t value) {
  constexpr uint64_t kOdd = 0x5555555555555555, kPairs = 0x3333333333333333,
                     kNibbles = 0x0f0f0f0f0f0f0f0f;
  value = (value >> 1 & kOdd) | (value & kOdd) << 1;
  value = (value >> 2 & kPairs) | (value & kPairs) << 2;
  value = (value >> 4 & kNibbles) | (value & kNibbles) << 4;
  return __builtin_bswap64(value);
}

// The entries of a bucket's row; borrows it.
Result<std::string_view> OpenBucket(uint64_t bucket, std::string_view row) {
  ASSIGN_OR_RETURN(OpenedRow opened, OpenRow(kTable, NumberKey(bucket), row));
  if (opened.value.size() % kEntryBytes != 0) return Corruption("rhizo.db: a torn bucket");
  return opened.value;
}

// The buckets that a batch touches, loaded once and written once, in ascending order.
class BucketBatch {
 public:
  explicit BucketBatch(Connection& connection) : connection_(connection) {}

  Result<std::vector<IndexEntry>*> Load(uint64_t bucket) {
    auto [slot, added] = loaded_.try_emplace(bucket);
    if (added) {
      ASSIGN_OR_RETURN(slot->second, ReadBucket(connection_, bucket));
    }
    return &slot->second;
  }

  // Bucket number `buckets` comes into being, with its part of the bucket it splits off from.
  Status Split(uint64_t buckets) {
    ASSIGN_OR_RETURN(auto* source, Load(buckets - std::bit_floor(buckets)));
    auto& added = loaded_[buckets];
    auto stays = [&](const IndexEntry& entry) {
      return BucketOf(entry.key, buckets + 1) != buckets;
    };
    auto leaving = std::stable_partition(source->begin(), source->end(), stays);
    added.assign(leaving, source->end());
    source->erase(leaving, source->end());
    return {};
  }

  Status WriteAll() {
    for (auto& [bucket, entries] : loaded_) {
      RETURN_IF_ERROR(WriteBucket(connection_, bucket, std::move(entries)));
    }
    return {};
  }

 private:
  Connection& connection_;
  std::map<uint64_t, std::vector<IndexEntry>> loaded_;
};

}  // namespace

uint64_t BucketOf(uint64_t key, uint64_t buckets) {
  uint64_t mask = std::bit_ceil(buckets) - 1;
  uint64_t reversed = ReverseBits(key);
  uint64_t bucket = reversed & mask;
  return bucket < buckets ? bucket : reversed & (mask >> 1);
}

Result<std::vector<IndexEntry>> FindByPrefix(Connection& connection, const StoreState& state,
                                             uint64_t key, int bits) {
  CHECK(bits > 0 && bits <= 64);
  if (bits < 64 && (state.buckets - 1) >> bits != 0) {
    return Corruption("rhizo.db: more buckets than can be");
  }
  ASSIGN_OR_RETURN(auto entries, ReadBucket(connection, BucketOf(key, state.buckets)));
  std::erase_if(entries,
                [&](const IndexEntry& entry) { return ((entry.key ^ key) >> (64 - bits)) != 0; });
  return entries;
}

Status FindPlaces(Connection& connection, const StoreState& state, uint64_t key,
                  std::vector<Place>& places) {
  uint64_t bucket = BucketOf(key, state.buckets);
  Statement& read = connection.read_bucket;
  ASSIGN_OR_RETURN(bool found, read.Bind(1, static_cast<int64_t>(bucket)).Step("looking up a key"));
  auto entries = OpenBucket(bucket, found ? read.Blob(0) : std::string_view());
  if (entries) {
    size_t count = entries->size() / kEntryBytes;
    for (size_t i = LowerBound(*entries, key); i < count; ++i) {
      IndexEntry entry = EntryAt(*entries, i);
      if (entry.key != key) break;
      places.push_back(entry.place);
    }
  }
  read.Reset();
  if (!entries) return std::move(entries).error();
  return {};
}

Result<std::vector<IndexEntry>> ReadBucket(Connection& connection, uint64_t bucket) {
  Statement& read = connection.read_bucket;
  ASSIGN_OR_RETURN(bool found, read.Bind(1, static_cast<int64_t>(bucket)).Step("reading keys"));
  std::string row(found ? read.Blob(0) : std::string_view());
  read.Reset();
  ASSIGN_OR_RETURN(std::string_view raw, OpenBucket(bucket, row));
  std::vector<IndexEntry> entries;
  entries.reserve(raw.size() / kEntryBytes);
  for (size_t i = 0; i < raw.size() / kEntryBytes; ++i) entries.push_back(EntryAt(raw, i));
  return entries;
}

Status WriteBucket(Connection& connection, uint64_t bucket, std::vector<IndexEntry> entries) {
  std::sort(entries.begin(), entries.end());
  Encoder value;
  for (const IndexEntry& entry : entries) {
    value.U64(__builtin_bswap64(entry.key));
    value.U64(Pack(entry.place));
  }
  SealedRow row = SealRow(kTable, NumberKey(bucket), std::move(value).Take());
  return connection.write_bucket.Bind(1, static_cast<int64_t>(bucket))
      .Bind(2, row.bytes)
      .Run("writing keys");
}

Status AddEntries(Connection& connection, StoreState& state,
                  const std::vector<IndexEntry>& entries) {
  BucketBatch batch(connection);
  for (const IndexEntry& entry : entries) {
    ASSIGN_OR_RETURN(auto* bucket, batch.Load(BucketOf(entry.key, state.buckets)));
    bucket->push_back(entry);
  }
  state.entries += entries.size();
  while (state.entries > state.buckets * kEntriesPerBucket) {
    RETURN_IF_ERROR(batch.Split(state.buckets));
    ++state.buckets;
  }
  return batch.WriteAll();
}

}  // namespace rhizo::meta
