#include "engine/function_allow_list.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

namespace rhizo::engine {
namespace {

using duckdb::CatalogType;

// Sorted. Everything that makes rows without reaching a file, a setting, a log or a secret.
constexpr std::array<std::string_view, 30> kTableFunctions = {"duckdb_columns",
                                                              "duckdb_constraints",
                                                              "duckdb_databases",
                                                              "duckdb_dependencies",
                                                              "duckdb_functions",
                                                              "duckdb_indexes",
                                                              "duckdb_keywords",
                                                              "duckdb_prepared_statements",
                                                              "duckdb_schemas",
                                                              "duckdb_sequences",
                                                              "duckdb_tables",
                                                              "duckdb_types",
                                                              "duckdb_variables",
                                                              "duckdb_views",
                                                              "generate_series",
                                                              "icu_calendar_names",
                                                              "json_each",
                                                              "json_tree",
                                                              "pg_timezone_names",
                                                              "pragma_collations",
                                                              "pragma_show",
                                                              "pragma_table_info",
                                                              "pragma_version",
                                                              "query",
                                                              "query_table",
                                                              "range",
                                                              "repeat",
                                                              "repeat_row",
                                                              "summary",
                                                              "unnest"};

constexpr std::array<std::string_view, 7> kPragmaFunctions = {
    "collations",           "database_list", "show",   "show_tables",
    "show_tables_expanded", "table_info",    "version"};

// The library's scalar functions are a known set (its source id is checked): these go, the rest
// only compute.
constexpr std::array<std::string_view, 5> kForbiddenScalars = {
    "current_setting", "sleep_ms", "write_log", "add_parquet_key", "txid_current"};

// Names whose absence deserves a better message than "does not exist".
constexpr std::array<std::string_view, 14> kFileReaders = {
    "glob",        "parquet_metadata", "parquet_scan", "parquet_schema", "read_blob",
    "read_csv",    "read_csv_auto",    "read_duckdb",  "read_json",      "read_json_auto",
    "read_ndjson", "read_parquet",     "read_text",    "sniff_csv"};

template <class Names>
bool Has(const Names& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool IsAllowed(CatalogType type, std::string_view name) {
  switch (type) {
    case CatalogType::TABLE_FUNCTION_ENTRY: return Has(kTableFunctions, name);
    case CatalogType::PRAGMA_FUNCTION_ENTRY: return Has(kPragmaFunctions, name);
    case CatalogType::SCALAR_FUNCTION_ENTRY: return !Has(kForbiddenScalars, name);
    default: return false;
  }
}

std::vector<std::string> Forbidden(duckdb::ClientContext& context,
                                   duckdb::SchemaCatalogEntry& schema, CatalogType type) {
  std::vector<std::string> names;
  schema.Scan(context, type, [&](duckdb::CatalogEntry& entry) {
    // A scan over scalar functions also shows aggregates and macros: they only compute.
    if (entry.type == type && !IsAllowed(type, entry.name)) names.push_back(entry.name);
  });
  return names;
}

void Drop(duckdb::ClientContext& context, CatalogType type, const std::string& name) {
  duckdb::DropInfo info;
  info.type = type;
  info.catalog = SYSTEM_CATALOG;
  info.schema = DEFAULT_SCHEMA;
  info.name = name;
  info.allow_drop_internal = true;
  duckdb::Catalog::GetSystemCatalog(context).DropEntry(context, info);
}

}  // namespace

void DropForbiddenFunctions(duckdb::ClientContext& context) {
  auto& schema = duckdb::Catalog::GetSystemCatalog(context).GetSchema(context, DEFAULT_SCHEMA);
  for (auto type : {CatalogType::TABLE_FUNCTION_ENTRY, CatalogType::PRAGMA_FUNCTION_ENTRY,
                    CatalogType::COPY_FUNCTION_ENTRY, CatalogType::SCALAR_FUNCTION_ENTRY}) {
    for (const auto& name : Forbidden(context, schema, type)) Drop(context, type, name);
  }
}

bool IsForbiddenFunction(std::string_view name) {
  return Has(kForbiddenScalars, name) || Has(kFileReaders, name);
}

}  // namespace rhizo::engine
