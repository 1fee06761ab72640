#include "meta/log_tail.h"

namespace rhizo::meta {

void LogTail::Add(uint64_t seq, SharedRecord record) {
  ForEachKey(*record, [&](uint64_t key, uint16_t ordinal) {
    places_.emplace(key, Place{seq, ordinal});
  });
  records_.emplace(seq, std::move(record));
}

void LogTail::DropUpTo(uint64_t seq) {
  if (records_.empty() || records_.begin()->first > seq) return;
  records_.erase(records_.begin(), records_.upper_bound(seq));
  if (records_.empty()) {
    places_.clear();
  } else {
    std::erase_if(places_, [&](const auto& entry) { return entry.second.seq <= seq; });
  }
}

void LogTail::Clear() {
  records_.clear();
  places_.clear();
}

void LogTail::FindPlaces(uint64_t key, std::vector<Place>& places) const {
  auto [begin, end] = places_.equal_range(key);
  for (auto it = begin; it != end; ++it) places.push_back(it->second);
}

std::vector<IndexEntry> LogTail::FindByPrefix(uint64_t key, int bits) const {
  std::vector<IndexEntry> found;
  for (const auto& [candidate, place] : places_) {
    if (((candidate ^ key) >> (64 - bits)) == 0) found.push_back({candidate, place});
  }
  return found;
}

SharedRecord LogTail::Find(uint64_t seq) const {
  auto found = records_.find(seq);
  return found == records_.end() ? nullptr : found->second;
}

void LogTail::AppendEntriesTo(std::vector<IndexEntry>& out) const {
  for (const auto& [key, place] : places_) out.push_back({key, place});
}

}  // namespace rhizo::meta
