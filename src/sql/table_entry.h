// An open table as the engine sees it under a name: columns, NOT NULL and key, statistics, and the
// scan function. Immutable; thread-safe.
#pragma once

#include <memory>
#include <string>

#include "engine/duckdb_headers.h"
#include "table/open_table.h"

namespace rhizo::sql {

class TableEntry final : public duckdb::TableCatalogEntry,
                         public std::enable_shared_from_this<TableEntry> {
 public:
  static std::shared_ptr<TableEntry> Make(duckdb::Catalog& catalog,
                                          duckdb::SchemaCatalogEntry& schema,
                                          const std::string& name,
                                          std::shared_ptr<const table::OpenTable> table);

  const std::shared_ptr<const table::OpenTable>& open_table() const { return table_; }

  duckdb::unique_ptr<duckdb::BaseStatistics> GetStatistics(duckdb::ClientContext& client,
                                                           duckdb::column_t column) override;
  duckdb::TableFunction GetScanFunction(
      duckdb::ClientContext& client, duckdb::unique_ptr<duckdb::FunctionData>& bind_data) override;
  duckdb::TableStorageInfo GetStorageInfo(duckdb::ClientContext& client) override;
  // rowid (entry << 32 | slot, valid in this state only) and a column without content.
  duckdb::virtual_column_map_t GetVirtualColumns() const override;
  // The default would touch every column; writing is refused before anything is planned.
  void BindUpdateConstraints(duckdb::Binder& binder, duckdb::LogicalGet& get,
                             duckdb::LogicalProjection& projection, duckdb::LogicalUpdate& update,
                             duckdb::ClientContext& client) override;

 private:
  TableEntry(duckdb::Catalog& catalog, duckdb::SchemaCatalogEntry& schema,
             duckdb::CreateTableInfo& info, std::shared_ptr<const table::OpenTable> table);

  const std::shared_ptr<const table::OpenTable> table_;
};

}  // namespace rhizo::sql
