#include "sql/schema_entry.h"

#include "base/name.h"
#include "duckdb/catalog/similar_catalog_entry.hpp"
#include "engine/errors.h"
#include "sql/at_point.h"
#include "sql/catalog.h"
#include "sql/refusal.h"
#include "sql/session_state.h"
#include "sql/transaction.h"

namespace rhizo::sql {
namespace {

using duckdb::CatalogType;
using EntryPointer = duckdb::optional_ptr<duckdb::CatalogEntry>;

constexpr char kOnlyTables[] = "a database holds tables only";

bool IsTableOrView(CatalogType type) {
  return type == CatalogType::TABLE_ENTRY || type == CatalogType::VIEW_ENTRY;
}

// SQL can quote anything; what no table can be called is only not there.
bool CanBeTable(const model::QualifiedName& name) {
  return ValidateTableName(name.schema).has_value() && ValidateTableName(name.name).has_value();
}

template <class T>
T ValueOrThrowAt(Result<T> result, const duckdb::QueryErrorContext& where) {
  if (!result) throw engine::RhizoException(result.error(), where);
  return std::move(result).value();
}

}  // namespace

SchemaEntry::Found SchemaEntry::Find(duckdb::ClientContext& client, const txn::View& view,
                                     const duckdb::EntryLookupInfo& lookup) {
  model::QualifiedName wanted{name, lookup.GetEntryName()};
  if (!CanBeTable(wanted)) return {};
  const auto& where = lookup.GetErrorContext();
  auto session = SessionState::Find(client);
  if (auto at = lookup.GetAtClause()) {
    auto point = ValueOrThrowAt(PointOf(*at), where);
    auto* source = engine::ValueOrThrow(session->source());
    return {wanted.name, ValueOrThrowAt(source->TableAt(view, wanted, point), where)};
  }
  if (auto shown = session->Shown(wanted)) return {wanted.name, shown};
  auto found = ValueOrThrowAt(view.FindName(wanted), where);
  if (!found) return {};
  return {found->name.name, ValueOrThrowAt(view.Open(found->entry.state), where)};
}

duckdb::CatalogEntry& SchemaEntry::Entry(ViewTransaction& transaction,
                                         const std::string& table_name,
                                         std::shared_ptr<const table::OpenTable> table) {
  auto entry = static_cast<Catalog&>(catalog).EntryOf(*this, table_name, std::move(table));
  transaction.Keep(entry);
  return *entry;
}

duckdb::optional_ptr<duckdb::CatalogEntry> SchemaEntry::LookupEntry(
    duckdb::CatalogTransaction transaction, const duckdb::EntryLookupInfo& lookup) {
  if (!IsTableOrView(lookup.GetCatalogType())) return nullptr;
  if (!transaction.HasContext() || !transaction.transaction) return nullptr;
  auto& ours = transaction.transaction->Cast<ViewTransaction>();
  auto view = ours.View(transaction.GetContext());
  if (!view) return nullptr;
  auto found = Find(transaction.GetContext(), *view, lookup);
  if (!found.table) return nullptr;
  return &Entry(ours, found.name, std::move(found.table));
}

duckdb::SimilarCatalogEntry SchemaEntry::GetSimilarEntry(duckdb::CatalogTransaction transaction,
                                                         const duckdb::EntryLookupInfo& lookup) {
  duckdb::SimilarCatalogEntry similar;
  if (!IsTableOrView(lookup.GetCatalogType()) || !transaction.HasContext()) return similar;
  auto view = transaction.transaction->Cast<ViewTransaction>().View(transaction.GetContext());
  if (!view) return similar;
  std::vector<std::string> names;
  for (const auto& table : engine::ValueOrThrow(view->ListTables())) {
    if (table.name.schema == name) names.push_back(table.name.name);
  }
  similar.name = NearestName(lookup.GetEntryName(), names);
  // Before whatever the engine's own catalogs offer; at 1 DuckDB would say "rhizo.t" for "t".
  if (similar.Found()) similar.score = 0.99;
  return similar;
}

void SchemaEntry::Scan(duckdb::ClientContext& client, CatalogType type,
                       const std::function<void(duckdb::CatalogEntry&)>& callback) {
  if (!IsTableOrView(type)) return;
  auto& transaction = ViewTransaction::Of(client, catalog);
  auto view = transaction.View(client);
  if (!view) return;
  for (const auto& table : engine::ValueOrThrow(view->ListTables())) {
    if (table.name.schema != name) continue;
    callback(
        Entry(transaction, table.name.name, engine::ValueOrThrow(view->Open(table.entry.state))));
  }
}

EntryPointer SchemaEntry::CreateIndex(duckdb::CatalogTransaction, duckdb::CreateIndexInfo&,
                                      duckdb::TableCatalogEntry&) {
  ThrowNotYet("CREATE INDEX", kOnlyTables);
}

EntryPointer SchemaEntry::CreateFunction(duckdb::CatalogTransaction, duckdb::CreateFunctionInfo&) {
  ThrowNotYet("CREATE MACRO", "write the expression out");
}

EntryPointer SchemaEntry::CreateTable(duckdb::CatalogTransaction, duckdb::BoundCreateTableInfo&) {
  ThrowNotYet("CREATE TABLE", "use create_table or write");
}

EntryPointer SchemaEntry::CreateView(duckdb::CatalogTransaction, duckdb::CreateViewInfo&) {
  ThrowNotYet("CREATE VIEW", "use a CTE (WITH ... AS)");
}

EntryPointer SchemaEntry::CreateSequence(duckdb::CatalogTransaction, duckdb::CreateSequenceInfo&) {
  ThrowNotYet("CREATE SEQUENCE", kOnlyTables);
}

EntryPointer SchemaEntry::CreateTableFunction(duckdb::CatalogTransaction,
                                              duckdb::CreateTableFunctionInfo&) {
  ThrowNotYet("CREATE FUNCTION", kOnlyTables);
}

EntryPointer SchemaEntry::CreateCopyFunction(duckdb::CatalogTransaction,
                                             duckdb::CreateCopyFunctionInfo&) {
  ThrowNotYet("CREATE FUNCTION", kOnlyTables);
}

EntryPointer SchemaEntry::CreatePragmaFunction(duckdb::CatalogTransaction,
                                               duckdb::CreatePragmaFunctionInfo&) {
  ThrowNotYet("CREATE FUNCTION", kOnlyTables);
}

EntryPointer SchemaEntry::CreateCollation(duckdb::CatalogTransaction,
                                          duckdb::CreateCollationInfo&) {
  ThrowNotYet("CREATE COLLATION", kOnlyTables);
}

EntryPointer SchemaEntry::CreateType(duckdb::CatalogTransaction, duckdb::CreateTypeInfo&) {
  ThrowNotYet("CREATE TYPE", kOnlyTables);
}

void SchemaEntry::DropEntry(duckdb::ClientContext&, duckdb::DropInfo&) {
  ThrowNotYet("DROP TABLE", "use drop_table");
}

void SchemaEntry::Alter(duckdb::CatalogTransaction, duckdb::AlterInfo&) {
  ThrowNotYet("ALTER TABLE", "use rename_table, or write with schema=\"replace\"");
}

}  // namespace rhizo::sql
