#include "sql/scan_plan.h"

#include <algorithm>

#include "engine/errors.h"

namespace rhizo::sql {
namespace {

size_t PositionOf(size_t field, std::vector<size_t>* fields) {
  auto found = std::find(fields->begin(), fields->end(), field);
  if (found != fields->end()) return found - fields->begin();
  fields->push_back(field);
  return fields->size() - 1;
}

ScanColumn MakeColumn(const table::OpenTable& table, duckdb::column_t id,
                      std::vector<size_t>* fields) {
  if (id == duckdb::COLUMN_IDENTIFIER_ROW_ID || id == kRowAddressColumn) {
    return {ScanColumn::Kind::kRowId, duckdb::LogicalType::ROW_TYPE};
  }
  if (id == duckdb::COLUMN_IDENTIFIER_EMPTY) {
    return {ScanColumn::Kind::kEmpty, duckdb::LogicalType::BOOLEAN};
  }
  CHECK(id < table.types().size());
  return {ScanColumn::Kind::kField, table.types()[id], id, PositionOf(id, fields)};
}

}  // namespace

ScanPlan MakeScanPlan(std::string name, const table::OpenTable& table,
                      const duckdb::vector<duckdb::column_t>& columns,
                      const duckdb::vector<duckdb::idx_t>& output) {
  ScanPlan plan;
  plan.name = std::move(name);
  plan.table = &table;
  plan.entries = engine::ValueOrThrow(table.Entries());
  plan.morsels = SplitIntoMorsels(plan.entries);
  for (auto id : columns) plan.columns.push_back(MakeColumn(table, id, &plan.fields));
  plan.output.assign(output.begin(), output.end());
  for (size_t i = 0; output.empty() && i < columns.size(); ++i) plan.output.push_back(i);
  return plan;
}

std::vector<Morsel> SplitIntoMorsels(std::span<const table::OpenEntry> entries) {
  std::vector<Morsel> morsels;
  uint64_t rows = kMorselRows;
  for (size_t i = 0; i < entries.size(); ++i) {
    uint64_t added = entries[i].entry.visible_rows;
    if (rows + added > kMorselRows) {
      morsels.push_back({i, i});
      rows = 0;
    }
    rows += added;
    morsels.back().end_entry = i + 1;
  }
  return morsels;
}

}  // namespace rhizo::sql
