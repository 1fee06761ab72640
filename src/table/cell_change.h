// New values of cells of one entry, laid over its segment. A value that the segment itself holds is
// no patch cell: who sets a value back leaves nothing behind (docs/merge.md, section 1).
#pragma once

#include "table/entry_editor.h"
#include "table/open_table.h"

namespace rhizo::table {

// `values`: one per slot, flat, in the order of their slots. Says how many bytes the patch has.
// `client`: null where only row blocks are read.
Result<uint64_t> ChangeCells(duckdb::ClientContext* client, const OpenTable& table,
                             const OpenEntry& entry, size_t field, const model::PositionSet& slots,
                             duckdb::Vector& values, EntryEditor* editor);

}  // namespace rhizo::table
