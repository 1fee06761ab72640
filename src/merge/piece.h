// Rows that come out of a merge, in the order of their places, back into canonical entries
// (docs/format/entry.md): a maximal run of rows of one segment at rising slots is one entry, which
// lists a patch once, and new cells of a field are one new patch.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "table/entry_editor.h"
#include "table/new_table.h"
#include "table/open_table.h"

namespace rhizo::merge {

struct FreshCells {
  size_t field = 0;             // index into the schema
  std::vector<uint32_t> slots;  // rising
  std::vector<duckdb::Value> values;
};

// Rows of one segment whose places follow each other as their slots do.
struct Piece {
  std::shared_ptr<const model::SegmentEntry> segment;  // any entry of the segment
  model::PositionSet rows;                             // slots
  model::Place first;                                  // of the first of them
  std::vector<table::LivePatch> patches;               // live in these rows
  std::vector<FreshCells> fresh;                       // at most one per field
};

// Not thread-safe.
class EntryAssembler {
 public:
  // All outlive it. `table`: of the merged schema.
  EntryAssembler(duckdb::ClientContext* client, const table::WriteContext& context,
                 const table::OpenTable& table, table::NewTable* out)
      : client_(client), context_(context), table_(table), out_(out) {}

  Status Add(Piece piece);
  // What comes next begins an entry (NewTable joins it, if it belongs to the one before).
  Status Flush();

 private:
  Status WriteFresh(table::EntryEditor* editor);
  Status FoldPatches(table::EntryEditor* editor);

  duckdb::ClientContext* client_;
  const table::WriteContext& context_;
  const table::OpenTable& table_;
  table::NewTable* const out_;
  std::shared_ptr<const model::SegmentEntry> segment_;  // null: no row yet
  std::vector<model::SlotRange> rows_;
  model::RunList runs_;
  std::vector<table::LivePatch> patches_;
  std::vector<FreshCells> fresh_;
};

}  // namespace rhizo::merge
