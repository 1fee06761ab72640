// Our catalog inside the engine: the main database "rhizo:<name>" of an Instance. Which tables
// there are is asked of the session behind the connection, so one catalog serves every session and
// version. Entries are immutable, one per (open table, name), and live as long as a transaction or
// a bound plan holds them. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "engine/duckdb_headers.h"
#include "sql/schema_entry.h"
#include "sql/table_entry.h"

namespace rhizo::sql {

class Catalog final : public duckdb::Catalog {
 public:
  static constexpr char kType[] = "rhizo";

  using duckdb::Catalog::Catalog;

  // The entry that shows `table` as `name`, made on first use.
  std::shared_ptr<TableEntry> EntryOf(SchemaEntry& schema, const std::string& name,
                                      std::shared_ptr<const table::OpenTable> table);

  void Initialize(bool load_builtin) override;
  std::string GetCatalogType() override { return kType; }
  // The number of the pinned view: cached plans are used only on the rows they were made for.
  duckdb::optional_idx GetCatalogVersion(duckdb::ClientContext& client) override;
  bool SupportsTimeTravel() const override { return true; }
  bool InMemory() override { return false; }
  std::string GetDBPath() override { return ""; }
  duckdb::DatabaseSize GetDatabaseSize(duckdb::ClientContext& client) override;

  duckdb::optional_ptr<duckdb::SchemaCatalogEntry> LookupSchema(
      duckdb::CatalogTransaction transaction, const duckdb::EntryLookupInfo& lookup,
      duckdb::OnEntryNotFound if_not_found) override;
  void ScanSchemas(duckdb::ClientContext& client,
                   std::function<void(duckdb::SchemaCatalogEntry&)> callback) override;

  // Everything that changes something is refused.
  duckdb::optional_ptr<duckdb::CatalogEntry> CreateSchema(duckdb::CatalogTransaction transaction,
                                                          duckdb::CreateSchemaInfo& info) override;
  void DropSchema(duckdb::ClientContext& client, duckdb::DropInfo& info) override;
  duckdb::ErrorData SupportsCreateTable(duckdb::BoundCreateTableInfo& info) override;
  duckdb::PhysicalOperator& PlanCreateTableAs(duckdb::ClientContext& client,
                                              duckdb::PhysicalPlanGenerator& planner,
                                              duckdb::LogicalCreateTable& create,
                                              duckdb::PhysicalOperator& plan) override;
  duckdb::PhysicalOperator& PlanInsert(
      duckdb::ClientContext& client, duckdb::PhysicalPlanGenerator& planner,
      duckdb::LogicalInsert& insert, duckdb::optional_ptr<duckdb::PhysicalOperator> plan) override;
  duckdb::PhysicalOperator& PlanDelete(duckdb::ClientContext& client,
                                       duckdb::PhysicalPlanGenerator& planner,
                                       duckdb::LogicalDelete& remove,
                                       duckdb::PhysicalOperator& plan) override;
  duckdb::PhysicalOperator& PlanUpdate(duckdb::ClientContext& client,
                                       duckdb::PhysicalPlanGenerator& planner,
                                       duckdb::LogicalUpdate& update,
                                       duckdb::PhysicalOperator& plan) override;
  duckdb::PhysicalOperator& PlanMergeInto(duckdb::ClientContext& client,
                                          duckdb::PhysicalPlanGenerator& planner,
                                          duckdb::LogicalMergeInto& merge,
                                          duckdb::PhysicalOperator& plan) override;
  // Without these two DuckDB casts our bind data to its own and writes into it.
  duckdb::unique_ptr<duckdb::LogicalOperator> BindCreateIndex(
      duckdb::Binder& binder, duckdb::CreateStatement& statement, duckdb::TableCatalogEntry& table,
      duckdb::unique_ptr<duckdb::LogicalOperator> plan) override;
  duckdb::unique_ptr<duckdb::LogicalOperator> BindAlterAddIndex(
      duckdb::Binder& binder, duckdb::TableCatalogEntry& table,
      duckdb::unique_ptr<duckdb::LogicalOperator> plan,
      duckdb::unique_ptr<duckdb::CreateIndexInfo> create,
      duckdb::unique_ptr<duckdb::AlterTableInfo> alter) override;

 private:
  using EntryKey = std::pair<const table::OpenTable*, std::pair<std::string, std::string>>;

  SchemaEntry& Schema(const std::string& name);
  void ForgetDeadEntriesLocked();

  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<SchemaEntry>> schemas_;
  // An entry holds its table, so a live one proves that the address is still that table's.
  std::map<EntryKey, std::weak_ptr<TableEntry>> entries_;
  size_t entries_limit_ = 64;  // dead ones are looked for when there are more
};

// The storage extension for engine::InstanceOptions.
duckdb::shared_ptr<duckdb::StorageExtension> MakeStorageExtension();

}  // namespace rhizo::sql
