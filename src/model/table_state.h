// A version of a table: everything but its name (an attribute of the database state). Regular value
// type; stored as an object (docs/format/table-state.md). Equal contents have equal bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "model/schema.h"

namespace rhizo::model {

struct SortField {
  FieldId field = 0;
  bool descending = false;
  bool nulls_first = false;
  friend bool operator==(const SortField&, const SortField&) = default;
};

struct TableState {
  TableId id;
  Schema schema;
  std::vector<FieldId> used_field_ids;  // sorted; every id this table ever used, nested ones too
  std::vector<FieldId> key;             // fields that identify a row, in order; empty: row ids do
  bool delete_wins = false;             // policy: a delete beats a concurrent update
  bool merge_row = false;               // policy: the row, not the cell, is the unit of conflict
  std::vector<SortField> sort_order;
  std::vector<std::string> checks;  // constraint expressions
  // The tree place -> segment entry. Of a table without rows it is not stored: it decodes as zero,
  // which trees read as the empty map.
  ObjectId tree_root;
  uint64_t entries = 0;
  uint64_t rows = 0;
  uint64_t bytes = 0;  // sum of the entries' length_bytes
  friend bool operator==(const TableState&, const TableState&) = default;
};

// The table with the rows of another state of it, as that stores them; of TableState(): none.
TableState WithRowsOf(TableState state, const TableState& rows);
// All but the rows and how they are stored.
bool SameButRows(const TableState& a, const TableState& b);

std::string Encode(const TableState& state);
Result<TableState> DecodeTableState(std::string_view bytes);

}  // namespace rhizo::model
