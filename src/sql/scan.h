// The table function behind every table of the catalog: reads the entries of one open table with
// projection, pushed filters and pruning. A morsel is a stretch of neighbouring entries; its
// ordinal is the batch index, so parallel scans keep the order of rows.
#pragma once

#include <memory>

#include "engine/duckdb_headers.h"
#include "sql/table_entry.h"
#include "txn/view.h"

namespace rhizo::sql {

// Holds all that the plan refers to, for as long as the plan lives.
struct ScanBindData final : public duckdb::TableFunctionData {
  ScanBindData(std::shared_ptr<TableEntry> entry_in, std::shared_ptr<const txn::View> view_in);

  std::shared_ptr<TableEntry> entry;
  std::shared_ptr<const txn::View> view;
  // What the transaction is told to have read; null: it does not want to know. All of the table,
  // until a scan says which rows: a statement may be answered from statistics alone.
  std::shared_ptr<txn::Look> look;

  const table::OpenTable& table() const { return *entry->open_table(); }
  duckdb::unique_ptr<duckdb::FunctionData> Copy() const override;
  bool Equals(const duckdb::FunctionData& other) const override;
};

duckdb::TableFunction MakeScanFunction();

}  // namespace rhizo::sql
