// Two steps of finding rows again by their hashes: which hashes say something, and which rows found
// again stand in order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace rhizo::table {

// Those whose `hash` no other has; `sorted` by it.
template <class Item>
std::vector<Item> OnlyUnique(const std::vector<Item>& sorted) {
  std::vector<Item> unique;
  for (size_t i = 0; i < sorted.size(); ++i) {
    bool twin_before = i > 0 && sorted[i - 1].hash == sorted[i].hash;
    bool twin_after = i + 1 < sorted.size() && sorted[i + 1].hash == sorted[i].hash;
    if (!twin_before && !twin_after) unique.push_back(sorted[i]);
  }
  return unique;
}

// The longest chain of items, in their order, of which `row` (a member) strictly rises.
template <class Item, class Row>
std::vector<Item> LongestChain(const std::vector<Item>& items, Row Item::*row) {
  std::vector<size_t> tails;  // tails[n]: the item with which a chain of n + 1 ends lowest
  std::vector<size_t> before(items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    auto at = std::lower_bound(tails.begin(), tails.end(), items[i].*row,
                               [&](size_t tail, Row other) { return items[tail].*row < other; });
    before[i] = at == tails.begin() ? i : *(at - 1);
    if (at == tails.end()) {
      tails.push_back(i);
    } else {
      *at = i;
    }
  }
  std::vector<Item> chain(tails.size());
  size_t at = tails.empty() ? 0 : tails.back();
  for (size_t n = chain.size(); n-- > 0; at = before[at]) chain[n] = items[at];
  return chain;
}

}  // namespace rhizo::table
