#include "sql/table_entry.h"

#include "engine/errors.h"
#include "sql/refusal.h"
#include "sql/scan.h"
#include "sql/scan_plan.h"
#include "sql/transaction.h"

namespace rhizo::sql {
namespace {

void AddColumns(const table::OpenTable& table, duckdb::CreateTableInfo* info) {
  const auto& fields = table.schema().fields;
  for (size_t i = 0; i < fields.size(); ++i) {
    info->columns.AddColumn(duckdb::ColumnDefinition(fields[i].name, table.types()[i]));
    if (!fields[i].nullable) {
      info->constraints.push_back(
          duckdb::make_uniq<duckdb::NotNullConstraint>(duckdb::LogicalIndex(i)));
    }
  }
}

void AddKey(const model::TableState& state, duckdb::CreateTableInfo* info) {
  duckdb::vector<std::string> names;
  for (auto id : state.key) {
    if (const auto* field = state.schema.FindId(id)) names.push_back(field->name);
  }
  if (names.empty()) return;
  info->constraints.push_back(duckdb::make_uniq<duckdb::UniqueConstraint>(std::move(names), true));
}

}  // namespace

TableEntry::TableEntry(duckdb::Catalog& catalog, duckdb::SchemaCatalogEntry& schema,
                       duckdb::CreateTableInfo& info, std::shared_ptr<const table::OpenTable> table)
    : duckdb::TableCatalogEntry(catalog, schema, info), table_(std::move(table)) {}

std::shared_ptr<TableEntry> TableEntry::Make(duckdb::Catalog& catalog,
                                             duckdb::SchemaCatalogEntry& schema,
                                             const std::string& name,
                                             std::shared_ptr<const table::OpenTable> table) {
  duckdb::CreateTableInfo info(catalog.GetName(), schema.name, name);
  AddColumns(*table, &info);
  AddKey(table->state(), &info);
  return std::shared_ptr<TableEntry>(new TableEntry(catalog, schema, info, std::move(table)));
}

duckdb::unique_ptr<duckdb::BaseStatistics> TableEntry::GetStatistics(duckdb::ClientContext&,
                                                                     duckdb::column_t column) {
  if (column >= table_->schema().fields.size()) return nullptr;
  return engine::ValueOrThrow(table_->Statistics(column));
}

duckdb::TableFunction TableEntry::GetScanFunction(
    duckdb::ClientContext& client, duckdb::unique_ptr<duckdb::FunctionData>& bind_data) {
  auto view = ViewTransaction::Of(client, catalog).View(client);
  bind_data = duckdb::make_uniq<ScanBindData>(shared_from_this(), std::move(view));
  return MakeScanFunction();
}

duckdb::TableStorageInfo TableEntry::GetStorageInfo(duckdb::ClientContext&) {
  duckdb::TableStorageInfo info;
  info.cardinality = table_->state().rows;
  return info;
}

duckdb::virtual_column_map_t TableEntry::GetVirtualColumns() const {
  auto columns = duckdb::TableCatalogEntry::GetVirtualColumns();
  columns.insert(
      {duckdb::COLUMN_IDENTIFIER_EMPTY, duckdb::TableColumn("", duckdb::LogicalType::BOOLEAN)});
  columns.insert(
      {kRowAddressColumn, duckdb::TableColumn(kRowAddressName, duckdb::LogicalType::ROW_TYPE)});
  return columns;
}

void TableEntry::BindUpdateConstraints(duckdb::Binder&, duckdb::LogicalGet&,
                                       duckdb::LogicalProjection&, duckdb::LogicalUpdate&,
                                       duckdb::ClientContext&) {
  ThrowNotYet("UPDATE", "use write or append");
}

}  // namespace rhizo::sql
