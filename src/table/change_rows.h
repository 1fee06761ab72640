// Statements that change single rows of a table: update, delete, upsert. Each gives the next state
// and what became of rows; nothing is published. Rows are named by entry and slot, as scans of the
// same OpenTable name them (rowid: entry << 32 | slot).
#pragma once

#include <memory>
#include <span>

#include "table/key_set.h"
#include "table/open_table.h"
#include "table/row_source.h"
#include "table/write.h"

namespace rhizo::table {

// Rows whose rowid (BIGINT, rising) comes as the only column go.
Result<Written> DeleteRows(const WriteContext& context, std::shared_ptr<const OpenTable> table,
                           RowSource* rows);

// `rows`: a rowid (BIGINT, rising), then the new values of `fields` (indexes into the schema).
// Values that a cell has already change nothing. A row whose key changes goes, and comes again at
// the end under its new key. kConstraint if that key is there.
Result<Written> UpdateRows(const WriteContext& context, std::shared_ptr<const OpenTable> table,
                           std::span<const size_t> fields, RowSource* rows);

// `rows` in the table's schema (NULL may stand in columns not given), of which `given` fields count
// where a row with that key is there; others come at the end. kConstraint if a key is twice among
// `rows`, or missing. Memory: the rows. `keys`: empty, of the table's key; has those of the rows
// then.
Result<Written> UpsertRows(const WriteContext& context, std::shared_ptr<const OpenTable> table,
                           std::span<const size_t> given, RowSource* rows, KeySet* keys);

// No rows. The schema, the key, what was used stay.
Written Truncate(const model::TableState& state);

}  // namespace rhizo::table
