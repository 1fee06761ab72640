// Tells the transaction what statements read, if it wants to know (txn/read_set.h).
#pragma once

#include <memory>

#include "engine/duckdb_headers.h"
#include "model/database_state.h"
#include "table/open_table.h"
#include "txn/view.h"

namespace rhizo::sql {

// A look at the table that `name` means in `view` now; null if nobody wants to know, or if `table`
// is another one: a version that stays as it is.
std::shared_ptr<txn::Look> LookAt(const txn::View* view, const model::QualifiedName& name,
                                  const table::OpenTable& table);

// What a scan reads: columns by the engine's ids, and rows that pass `filters` (may be null).
txn::Look::Part PartOf(const table::OpenTable& table,
                       const duckdb::vector<duckdb::column_t>& columns,
                       const duckdb::TableFilterSet* filters);

}  // namespace rhizo::sql
