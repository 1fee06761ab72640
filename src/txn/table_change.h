// What a transaction did to one table, and how that stands on a head that may have moved since.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "merge/table_merge.h"
#include "model/commit.h"
#include "model/database_state.h"
#include "model/table_state.h"
#include "table/write.h"
#include "txn/repository.h"
#include "txn/view.h"

namespace rhizo::txn {

// What became of rows, summed over all that a transaction did.
struct RowChanges {
  uint64_t inserted = 0;
  uint64_t updated = 0;
  uint64_t deleted = 0;
};

struct TableChange {
  TableId id;
  std::optional<NamedTable> before;  // in the transaction's snapshot; nothing: created here
  std::optional<model::TableState> old_state;  // of `before`
  std::optional<model::QualifiedName> name;    // now; nothing: dropped
  model::TableState state;                     // now, own appends placed
  bool rows_replaced = false;                  // by write
  bool based = false;         // writes were against a base: they merge with what others did
  bool rows_changed = false;  // one by one: by update, delete, upsert
  bool schema_changed = false;
  bool is_statement = false;  // the transaction is this one change, in a statement of its own
  bool is_serial = false;     // no rule decides between it and what others did meanwhile
  std::vector<table::EncodedRows> appended;  // own appends, to be placed again on another head
  RowChanges rows;
  table::WriteCounts counts;

  bool IsRename() const { return before && name && before->name != *name; }
  // Nothing but rows behind the last row.
  bool OnlyAppends() const {
    return before && name && !IsRename() && !rows_replaced && !rows_changed && !schema_changed &&
           !appended.empty();
  }
  bool ChangesAnything() const {
    return !before || !name || IsRename() || rows_replaced || rows_changed || schema_changed ||
           !appended.empty();
  }
};

// A table's part of the next commit.
struct PlacedTable {
  TableId id;
  std::optional<NamedTable> before;  // in the head
  std::optional<model::QualifiedName> name;
  model::TableState state;  // if `name`
  ObjectId state_id;        // staged
  model::TableSummary summary;
};

// Where a change is to be placed.
struct Head {
  CommitId id;
  std::shared_ptr<const model::Commit> commit;
};

// Tables whose old names the transaction gives up (dropped or renamed): those names are free for
// others of its tables.
using LeavingTables = std::set<TableId>;

// The change on top of `head`; nothing if it changes nothing there. kConflict (fields table,
// version facts) if the head's history since `snapshot` did something to the table that does not
// commute.
// What both sides changed is merged, cell by cell; `bind_checks` makes checks of rows of the result
// (null: there are none).
Result<std::optional<PlacedTable>> PlaceChange(Repository& repository,
                                               const table::WriteContext& context,
                                               const merge::BindChecks& bind_checks,
                                               const TableChange& change,
                                               const LeavingTables& leaving, const Head& snapshot,
                                               const Head& head);

}  // namespace rhizo::txn
