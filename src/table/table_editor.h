// Changes to single rows of a table: rows go, cells change, rows come at the end. A changed cell
// becomes a patch, a row that goes is hidden; an entry of which too much was touched is encoded
// anew. Rows that stay keep their places. Costs what is touched. Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "table/entry_editor.h"
#include "table/new_table.h"
#include "table/old_rows.h"
#include "table/open_table.h"
#include "table/write.h"

namespace rhizo::table {

// New values of one field in some rows of an entry.
struct CellChange {
  size_t field = 0;  // index into the schema
  model::PositionSet slots;
  std::unique_ptr<duckdb::Vector> values;  // one per slot, in order
};

class TableEditor {
 public:
  // `client`: null where only row blocks are read. `context` outlives the editor.
  static Result<std::unique_ptr<TableEditor>> Open(const WriteContext& context,
                                                   duckdb::ClientContext* client,
                                                   std::shared_ptr<const OpenTable> table);

  // Visible rows of entry `number` go (`gone`) and change. Entries come in rising order, each once.
  Status Edit(size_t number, const model::PositionSet& gone, std::vector<CellChange> changes);
  WriteCounts& counts() { return new_table_.counts(); }
  Result<Written> Finish();

 private:
  TableEditor(const WriteContext& context, duckdb::ClientContext* client,
              std::shared_ptr<const OpenTable> table, std::span<const OpenEntry> entries)
      : context_(context),
        client_(client),
        table_(std::move(table)),
        entries_(entries),
        new_table_(context, table_->state()) {}

  Status Keep(size_t number);
  Status KeepBefore(size_t number);
  Status Change(size_t number, EntryEditor* editor, const CellChange& change);
  Status AddAnew(const model::SegmentEntry& entry, const EntryEditor& editor,
                 const model::PositionSet& rows);

  const WriteContext& context_;
  duckdb::ClientContext* client_;
  const std::shared_ptr<const OpenTable> table_;
  const std::span<const OpenEntry> entries_;
  NewTable new_table_;
  std::optional<size_t> last_;  // entry dealt with
  bool last_is_gone_ = false;
};

}  // namespace rhizo::table
