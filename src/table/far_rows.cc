#include "table/far_rows.h"

#include <algorithm>
#include <numeric>

#include "table/old_rows.h"

namespace rhizo::table {
namespace {

constexpr uint64_t kMaxKnown = uint64_t{1} << 20;
constexpr size_t kLeastChain = 4;

std::vector<size_t> AllFields(const OpenTable& table) {
  std::vector<size_t> fields(table.types().size());
  std::iota(fields.begin(), fields.end(), size_t{0});
  return fields;
}

// Hashes with these bits zero are in the sample.
uint64_t MaskFor(uint64_t rows) {
  uint64_t mask = 0;
  while (rows / (mask + 1) > kMaxKnown) mask = mask * 2 + 1;
  return mask;
}

// The index at which the longest strictly rising chain of `rows` begins, and its length.
std::pair<size_t, size_t> LongestChain(const std::vector<uint64_t>& rows) {
  std::vector<size_t> tails;
  std::vector<size_t> first(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    auto at = std::lower_bound(tails.begin(), tails.end(), rows[i],
                               [&](size_t tail, uint64_t row) { return rows[tail] < row; });
    first[i] = at == tails.begin() ? i : first[*(at - 1)];
    if (at == tails.end()) {
      tails.push_back(i);
    } else {
      *at = i;
    }
  }
  return {tails.empty() ? 0 : first[tails.back()], tails.size()};
}

}  // namespace

Result<FarRows> FarRows::Build(duckdb::ClientContext* client, const OpenTable& table) {
  FarRows far(MaskFor(table.state().rows));
  const auto fields = AllFields(table);
  ASSIGN_OR_RETURN(auto entries, table.Entries());
  for (size_t entry = 0; entry < entries.size(); ++entry) {
    OldRows rows(client, table);
    RETURN_IF_ERROR(rows.Add(entries[entry]));
    ASSIGN_OR_RETURN(auto hashes, HashRows(rows, fields, 0, rows.rows()));
    for (uint64_t row = 0; row < hashes.size(); ++row) {
      if ((hashes[row] & far.mask_) != 0) continue;
      far.known_.push_back({hashes[row], entries[entry].first_row + row, entry});
    }
  }
  std::sort(far.known_.begin(), far.known_.end(),
            [](const auto& a, const auto& b) { return a.hash < b.hash; });
  // Rows that are there twice say nothing.
  std::vector<Known> once;
  for (size_t i = 0; i < far.known_.size(); ++i) {
    bool twin_before = i > 0 && far.known_[i - 1].hash == far.known_[i].hash;
    bool twin_after = i + 1 < far.known_.size() && far.known_[i + 1].hash == far.known_[i].hash;
    if (!twin_before && !twin_after) once.push_back(far.known_[i]);
  }
  far.known_ = std::move(once);
  return far;
}

const FarRows::Known* FarRows::Find(uint64_t hash) const {
  auto found =
      std::lower_bound(known_.begin(), known_.end(), hash,
                       [](const Known& known, uint64_t other) { return known.hash < other; });
  return found != known_.end() && found->hash == hash ? &*found : nullptr;
}

Result<std::optional<uint64_t>> FarRows::EntryOf(RowWindow* window, uint64_t first) const {
  std::vector<size_t> fields(window->fields());
  std::iota(fields.begin(), fields.end(), size_t{0});
  ASSIGN_OR_RETURN(auto hashes, HashRows(*window, fields, 0, window->rows()));
  std::vector<uint64_t> rows;
  std::vector<uint64_t> entries;
  size_t sampled = 0;
  for (uint64_t hash : hashes) {
    if ((hash & mask_) != 0) continue;
    ++sampled;
    const auto* known = Find(hash);
    if (known == nullptr || known->entry < first) continue;
    rows.push_back(known->row);
    entries.push_back(known->entry);
  }
  auto [begin, length] = LongestChain(rows);
  bool goes_on = length >= kLeastChain && length * 2 >= sampled;
  return goes_on ? std::optional(entries[begin]) : std::nullopt;
}

}  // namespace rhizo::table
