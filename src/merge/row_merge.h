// A table of which two states came from a third: one state that has what both changed
// (docs/merge.md, section 2). Regions that one side changed are taken whole, without reading a row;
// others are merged by runs of rows and sets of cells. Costs what differs, never what exists.
#pragma once

#include <array>
#include <memory>

#include "merge/conflict.h"
#include "table/open_table.h"
#include "table/write.h"

namespace rhizo::merge {

struct TableSide {
  TableSide() = default;  // no rows
  explicit TableSide(const model::TableState& state, const Undefined* not_known = nullptr)
      : tree_root(state.tree_root),
        entries(state.entries),
        rows(state.rows),
        bytes(state.bytes),
        undefined(not_known) {}

  ObjectId tree_root;
  uint64_t entries = 0;
  uint64_t rows = 0;
  uint64_t bytes = 0;
  const Undefined* undefined = nullptr;  // only of virtual states
};

struct MergedRows {
  model::TableState state;
  MergeCounts counts;
  uint64_t new_bytes = 0;  // of patches
};

// `merged`: id, schema, key, policies of the result; its rows do not count. `undefined`: where a
// virtual merge puts what it could not decide, else null. `client`: null where only row blocks are
// read. Conflicts are reported and counted, nothing fails because of them.
Result<MergedRows> MergeRows(duckdb::ClientContext* client, const table::WriteContext& context,
                             const model::TableState& merged,
                             const std::array<TableSide, kSides>& sides,
                             const MergeOptions& options, Undefined* undefined = nullptr);

}  // namespace rhizo::merge
