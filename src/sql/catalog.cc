#include "sql/catalog.h"

#include <set>

#include "duckdb/storage/database_size.hpp"
#include "engine/errors.h"
#include "sql/refusal.h"
#include "sql/transaction.h"

namespace rhizo::sql {
namespace {

constexpr char kWriteRows[] = "use write or append";

duckdb::unique_ptr<duckdb::Catalog> AttachCatalog(
    duckdb::optional_ptr<duckdb::StorageExtensionInfo>, duckdb::ClientContext&,
    duckdb::AttachedDatabase& database, const std::string&, duckdb::AttachInfo&,
    duckdb::AttachOptions&) {
  return duckdb::make_uniq<Catalog>(database);
}

duckdb::unique_ptr<duckdb::TransactionManager> MakeTransactionManager(
    duckdb::optional_ptr<duckdb::StorageExtensionInfo>, duckdb::AttachedDatabase& database,
    duckdb::Catalog&) {
  return duckdb::make_uniq<ViewTransactionManager>(database);
}

// The names of all schemas that hold a table, and the default one.
std::set<std::string> SchemaNames(const txn::View* view) {
  std::set<std::string> names = {std::string(model::kDefaultSchema)};
  if (view == nullptr) return names;
  for (const auto& table : engine::ValueOrThrow(view->ListTables()))
    names.insert(table.name.schema);
  return names;
}

std::string FindSchema(const txn::View* view, const std::string& wanted) {
  auto names = SchemaNames(view);
  if (names.contains(wanted)) return wanted;
  for (const auto& name : names) {
    if (duckdb::StringUtil::CIEquals(name, wanted)) return name;
  }
  return "";
}

}  // namespace

std::shared_ptr<TableEntry> Catalog::EntryOf(SchemaEntry& schema, const std::string& name,
                                             std::shared_ptr<const table::OpenTable> table) {
  EntryKey key(table.get(), {schema.name, name});
  std::lock_guard lock(mutex_);
  if (auto entry = entries_[key].lock()) return entry;
  auto entry = TableEntry::Make(*this, schema, name, std::move(table));
  entries_[key] = entry;
  ForgetDeadEntriesLocked();
  return entry;
}

void Catalog::ForgetDeadEntriesLocked() {
  if (entries_.size() < entries_limit_) return;
  std::erase_if(entries_, [](const auto& item) { return item.second.expired(); });
  entries_limit_ = 64 + 2 * entries_.size();
}

void Catalog::Initialize(bool) { Schema(std::string(model::kDefaultSchema)); }

SchemaEntry& Catalog::Schema(const std::string& name) {
  std::lock_guard lock(mutex_);
  auto& schema = schemas_[name];
  if (!schema) {
    duckdb::CreateSchemaInfo info;
    info.catalog = GetName();
    info.schema = name;
    schema = std::make_unique<SchemaEntry>(*this, info);
  }
  return *schema;
}

duckdb::optional_idx Catalog::GetCatalogVersion(duckdb::ClientContext& client) {
  auto view = ViewTransaction::Of(client, *this).View(client);
  return view ? duckdb::optional_idx(view->number()) : duckdb::optional_idx();
}

duckdb::DatabaseSize Catalog::GetDatabaseSize(duckdb::ClientContext&) {
  duckdb::DatabaseSize size;
  size.free_blocks = size.total_blocks = size.used_blocks = size.wal_size = size.block_size = 0;
  size.bytes = 0;
  return size;
}

// A schema that only an older version had is found too: its tables answer whether they are there.
duckdb::optional_ptr<duckdb::SchemaCatalogEntry> Catalog::LookupSchema(
    duckdb::CatalogTransaction transaction, const duckdb::EntryLookupInfo& lookup,
    duckdb::OnEntryNotFound if_not_found) {
  const auto& wanted = lookup.GetEntryName();
  if (duckdb::StringUtil::CIEquals(wanted, std::string(model::kDefaultSchema))) {
    return &Schema(std::string(model::kDefaultSchema));
  }
  if (lookup.GetAtClause()) return &Schema(wanted);
  std::string name;
  if (transaction.HasContext() && transaction.transaction) {
    auto& client = transaction.GetContext();
    name = FindSchema(transaction.transaction->Cast<ViewTransaction>().View(client).get(), wanted);
  }
  if (!name.empty()) return &Schema(name);
  if (if_not_found == duckdb::OnEntryNotFound::RETURN_NULL) return nullptr;
  throw duckdb::CatalogException(lookup.GetErrorContext(), "Schema with name \"%s\" does not exist",
                                 wanted);
}

void Catalog::ScanSchemas(duckdb::ClientContext& client,
                          std::function<void(duckdb::SchemaCatalogEntry&)> callback) {
  auto view = ViewTransaction::Of(client, *this).View(client);
  for (const auto& name : SchemaNames(view.get())) callback(Schema(name));
}

duckdb::optional_ptr<duckdb::CatalogEntry> Catalog::CreateSchema(duckdb::CatalogTransaction,
                                                                 duckdb::CreateSchemaInfo&) {
  ThrowNotYet("CREATE SCHEMA", "a table called \"s.t\" is table t of schema s");
}

void Catalog::DropSchema(duckdb::ClientContext&, duckdb::DropInfo&) {
  ThrowNotYet("DROP SCHEMA", "a schema is gone with its last table");
}

duckdb::ErrorData Catalog::SupportsCreateTable(duckdb::BoundCreateTableInfo&) {
  ThrowNotYet("CREATE TABLE", "use create_table or write");
}

duckdb::PhysicalOperator& Catalog::PlanCreateTableAs(duckdb::ClientContext&,
                                                     duckdb::PhysicalPlanGenerator&,
                                                     duckdb::LogicalCreateTable&,
                                                     duckdb::PhysicalOperator&) {
  ThrowNotYet("CREATE TABLE", "use create_table or write");
}

duckdb::PhysicalOperator& Catalog::PlanInsert(duckdb::ClientContext&,
                                              duckdb::PhysicalPlanGenerator&,
                                              duckdb::LogicalInsert&,
                                              duckdb::optional_ptr<duckdb::PhysicalOperator>) {
  ThrowNotYet("INSERT", kWriteRows);
}

duckdb::PhysicalOperator& Catalog::PlanDelete(duckdb::ClientContext&,
                                              duckdb::PhysicalPlanGenerator&,
                                              duckdb::LogicalDelete&, duckdb::PhysicalOperator&) {
  ThrowNotYet("DELETE", kWriteRows);
}

duckdb::PhysicalOperator& Catalog::PlanUpdate(duckdb::ClientContext&,
                                              duckdb::PhysicalPlanGenerator&,
                                              duckdb::LogicalUpdate&, duckdb::PhysicalOperator&) {
  ThrowNotYet("UPDATE", kWriteRows);
}

duckdb::PhysicalOperator& Catalog::PlanMergeInto(duckdb::ClientContext&,
                                                 duckdb::PhysicalPlanGenerator&,
                                                 duckdb::LogicalMergeInto&,
                                                 duckdb::PhysicalOperator&) {
  ThrowNotYet("MERGE INTO", kWriteRows);
}

duckdb::unique_ptr<duckdb::LogicalOperator> Catalog::BindCreateIndex(
    duckdb::Binder&, duckdb::CreateStatement&, duckdb::TableCatalogEntry&,
    duckdb::unique_ptr<duckdb::LogicalOperator>) {
  ThrowNotYet("CREATE INDEX", "tables are pruned by the statistics of their segments");
}

duckdb::unique_ptr<duckdb::LogicalOperator> Catalog::BindAlterAddIndex(
    duckdb::Binder&, duckdb::TableCatalogEntry&, duckdb::unique_ptr<duckdb::LogicalOperator>,
    duckdb::unique_ptr<duckdb::CreateIndexInfo>, duckdb::unique_ptr<duckdb::AlterTableInfo>) {
  ThrowNotYet("ALTER TABLE ... ADD PRIMARY KEY", "keys come with a later release");
}

duckdb::shared_ptr<duckdb::StorageExtension> MakeStorageExtension() {
  auto extension = duckdb::make_shared_ptr<duckdb::StorageExtension>();
  extension->attach = AttachCatalog;
  extension->create_transaction_manager = MakeTransactionManager;
  return extension;
}

}  // namespace rhizo::sql
