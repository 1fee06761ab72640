// Rows of a table with a key that lie elsewhere on one side than on another: keys that one side
// inserted (under whatever row id) and the other inserted, deleted or changed. Everywhere else row
// ids say the same as keys do. Such rows are left out of every region and decided by key
// (docs/merge.md, rule 2.5).
#pragma once

#include <array>
#include <map>
#include <set>
#include <vector>

#include "merge/interval_merge.h"
#include "merge/row_merge.h"

namespace rhizo::merge {

struct KeyedRows {
  std::array<Side::Masks, kSides> masks;
  std::set<size_t> regions;                     // that have such rows, or get one
  std::map<size_t, std::vector<Piece>> pieces;  // by region, in the order of their places
};

// Memory: the keys that both sides inserted, and the rows in question.
Result<KeyedRows> MergeMovedKeys(duckdb::ClientContext* client, const table::WriteContext& context,
                                 const TableMerge& about,
                                 const std::array<TableSide, kSides>& sides,
                                 const std::vector<MergeRegion>& regions, MergeCounts* counts);

}  // namespace rhizo::merge
