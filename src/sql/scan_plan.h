// What one scan reads, settled once and shared by its threads: columns, and the entries split into
// morsels. Immutable.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/duckdb_headers.h"
#include "table/open_table.h"

namespace rhizo::sql {

// One of the columns the engine asked for, projected or only filtered.
struct ScanColumn {
  enum class Kind { kField, kRowId, kEmpty };
  Kind kind = Kind::kEmpty;
  duckdb::LogicalType type;
  size_t field = 0;           // kField: index into the table's schema
  size_t field_position = 0;  // kField: index into ScanPlan::fields
};

struct Morsel {
  size_t first_entry = 0;
  size_t end_entry = 0;
};

struct ScanPlan {
  std::string name;  // of the table, for errors
  const table::OpenTable* table = nullptr;
  std::span<const table::OpenEntry> entries;
  std::vector<ScanColumn> columns;
  std::vector<size_t> output;  // output column i is columns[output[i]]
  std::vector<size_t> fields;  // what an EntryReader reads, each once
  std::vector<Morsel> morsels;
};

// The row ids of a scan under a name that no column can have, for statements that change rows.
inline constexpr duckdb::column_t kRowAddressColumn = (duckdb::column_t{1} << 63) + 1000;
inline constexpr const char* kRowAddressName = "\x01row";

// Reads the list of entries. `columns` are the engine's ids; `output` chooses among them (empty:
// all). Throws.
ScanPlan MakeScanPlan(std::string name, const table::OpenTable& table,
                      const duckdb::vector<duckdb::column_t>& columns,
                      const duckdb::vector<duckdb::idx_t>& output);

// Neighbouring entries are joined until a morsel has about kMorselRows, so a tail of small
// appends is read in one go.
inline constexpr uint64_t kMorselRows = 16 * 2048;
std::vector<Morsel> SplitIntoMorsels(std::span<const table::OpenEntry> entries);

}  // namespace rhizo::sql
