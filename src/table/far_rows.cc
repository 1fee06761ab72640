#include "table/far_rows.h"

#include <algorithm>

#include "table/old_rows.h"
#include "table/row_chain.h"

namespace rhizo::table {
namespace {

constexpr uint64_t kMaxKnown = uint64_t{1} << 20;
constexpr size_t kLeastChain = 16;

// Hashes with these bits zero are in the sample.
uint64_t MaskFor(uint64_t rows) {
  uint64_t mask = 0;
  while (rows / (mask + 1) > kMaxKnown) mask = mask * 2 + 1;
  return mask;
}

// A row of the window that was found.
struct Hit {
  size_t sampled = 0;  // how many rows of the sample come before it in the window
  uint64_t row = 0;
  uint64_t entry = 0;
};

}  // namespace

Result<FarRows> FarRows::Build(duckdb::ClientContext* client, const OpenTable& table,
                               std::vector<size_t> fields) {
  FarRows far(MaskFor(table.state().rows), std::move(fields));
  ASSIGN_OR_RETURN(auto entries, table.Entries());
  for (size_t entry = 0; entry < entries.size(); ++entry) {
    OldRows rows(client, table);
    RETURN_IF_ERROR(rows.Add(entries[entry]));
    ASSIGN_OR_RETURN(auto hashes, HashRows(rows, far.fields_, 0, rows.rows()));
    for (uint64_t row = 0; row < hashes.size(); ++row) {
      if ((hashes[row] & far.mask_) != 0) continue;
      far.known_.push_back({hashes[row], entries[entry].first_row + row, entry});
    }
  }
  std::sort(far.known_.begin(), far.known_.end(),
            [](const auto& a, const auto& b) { return a.hash < b.hash; });
  // Rows that are there twice say nothing.
  far.known_ = OnlyUnique(far.known_);
  return far;
}

const FarRows::Known* FarRows::Find(uint64_t hash) const {
  auto found =
      std::lower_bound(known_.begin(), known_.end(), hash,
                       [](const Known& known, uint64_t other) { return known.hash < other; });
  return found != known_.end() && found->hash == hash ? &*found : nullptr;
}

Result<std::optional<uint64_t>> FarRows::EntryOf(RowWindow* window, uint64_t first) const {
  ASSIGN_OR_RETURN(auto hashes, HashRows(*window, fields_, 0, window->rows()));
  std::vector<Hit> hits;
  size_t sampled = 0;
  for (uint64_t hash : hashes) {
    if ((hash & mask_) != 0) continue;
    const auto* known = Find(hash);
    if (known != nullptr && known->entry >= first)
      hits.push_back({sampled, known->row, known->entry});
    ++sampled;
  }
  auto chain = LongestChain(hits, &Hit::row);
  size_t least = kLeastChain;
  if (window->ended()) least = std::min(least, std::max<size_t>(1, sampled / 2));
  for (size_t i = 0; i + least <= chain.size(); ++i) {
    if ((chain.size() - i) * 2 >= sampled - chain[i].sampled) return std::optional(chain[i].entry);
  }
  return std::optional<uint64_t>();
}

}  // namespace rhizo::table
