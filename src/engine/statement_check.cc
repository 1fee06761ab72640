#include "engine/statement_check.h"

#include <array>
#include <string>

namespace rhizo::engine {
namespace {

using duckdb::CatalogType;
using duckdb::StatementType;

Status Refuse(const std::string& what, const std::string& instead) {
  return Error(ErrorCode::kUnsupported, what + " is not supported: " + instead)
      .With("statement", what);
}

constexpr char kOpenBesides[] = "a session sees exactly the database it was opened on";
constexpr char kImportExport[] = "use import_files and export_table for files";
constexpr char kFixedSettings[] = "settings are fixed when the database is opened";
constexpr char kNoExtensions[] = "the engine runs without loadable extensions";

// Pragmas that only read the catalog; DuckDB turns each into a SELECT.
constexpr std::array<std::string_view, 7> kPragmas = {
    "collations",           "database_list", "show",   "show_tables",
    "show_tables_expanded", "table_info",    "version"};

Status CheckPragma(const duckdb::PragmaStatement& statement) {
  std::string name = duckdb::StringUtil::Lower(statement.info->name);
  for (auto allowed : kPragmas) {
    if (name == allowed) return {};
  }
  return Refuse("PRAGMA " + name, kFixedSettings);
}

Status CheckSet(const duckdb::SetStatement& statement) {
  if (statement.scope == duckdb::SetScope::VARIABLE) return {};
  if (statement.name == "schema" || statement.name == "search_path") {
    return Refuse("USE", kOpenBesides);
  }
  return Refuse("SET " + statement.name, kFixedSettings);
}

Status CheckCreate(const duckdb::CreateStatement& statement, bool inside_pivot) {
  switch (statement.info->type) {
    case CatalogType::TABLE_ENTRY:
    case CatalogType::VIEW_ENTRY:
    case CatalogType::SCHEMA_ENTRY:
    case CatalogType::MACRO_ENTRY:
    case CatalogType::TABLE_MACRO_ENTRY: return {};
    case CatalogType::TYPE_ENTRY:
      if (inside_pivot) return {};
      return Refuse("CREATE TYPE", "write the type out where it is used");
    case CatalogType::INDEX_ENTRY:
      return Refuse("CREATE INDEX", "tables are pruned by the statistics of their segments");
    case CatalogType::SECRET_ENTRY: return Refuse("CREATE SECRET", kNoExtensions);
    default:
      return Refuse("CREATE " + duckdb::CatalogTypeToString(statement.info->type),
                    "there is no such object in a database");
  }
}

Status CheckDrop(const duckdb::DropStatement& statement, bool inside_pivot) {
  switch (statement.info->type) {
    case CatalogType::TABLE_ENTRY:
    case CatalogType::VIEW_ENTRY:
    case CatalogType::SCHEMA_ENTRY:
    case CatalogType::MACRO_ENTRY:
    case CatalogType::TABLE_MACRO_ENTRY:
    case CatalogType::PREPARED_STATEMENT: return {};
    case CatalogType::TYPE_ENTRY:
      if (inside_pivot) return {};
      [[fallthrough]];
    default:
      return Refuse("DROP " + duckdb::CatalogTypeToString(statement.info->type),
                    "there is no such object in a database");
  }
}

Status Check(const duckdb::SQLStatement& statement, bool inside_pivot);

// PIVOT without a list of values: DuckDB makes a temporary type and a SELECT of it.
Status CheckAll(const duckdb::MultiStatement& statement) {
  for (const auto& part : statement.statements) {
    RETURN_IF_ERROR(Check(*part, true));
  }
  return {};
}

Status Check(const duckdb::SQLStatement& statement, bool inside_pivot) {
  switch (statement.type) {
    case StatementType::SELECT_STATEMENT:
    case StatementType::INSERT_STATEMENT:
    case StatementType::UPDATE_STATEMENT:
    case StatementType::DELETE_STATEMENT:
    case StatementType::MERGE_INTO_STATEMENT:
    case StatementType::EXECUTE_STATEMENT:
    case StatementType::TRANSACTION_STATEMENT:
    case StatementType::ALTER_STATEMENT:
    case StatementType::CALL_STATEMENT: return {};
    case StatementType::EXPLAIN_STATEMENT:
      return Check(*statement.Cast<duckdb::ExplainStatement>().stmt, inside_pivot);
    case StatementType::PREPARE_STATEMENT:
      return Check(*statement.Cast<duckdb::PrepareStatement>().statement, inside_pivot);
    case StatementType::MULTI_STATEMENT: return CheckAll(statement.Cast<duckdb::MultiStatement>());
    case StatementType::CREATE_STATEMENT:
      return CheckCreate(statement.Cast<duckdb::CreateStatement>(), inside_pivot);
    case StatementType::DROP_STATEMENT:
      return CheckDrop(statement.Cast<duckdb::DropStatement>(), inside_pivot);
    case StatementType::SET_STATEMENT: return CheckSet(statement.Cast<duckdb::SetStatement>());
    case StatementType::PRAGMA_STATEMENT:
      return CheckPragma(statement.Cast<duckdb::PragmaStatement>());
    case StatementType::COPY_STATEMENT: return Refuse("COPY", kImportExport);
    case StatementType::COPY_DATABASE_STATEMENT: return Refuse("COPY FROM DATABASE", kOpenBesides);
    case StatementType::EXPORT_STATEMENT: return Refuse("EXPORT DATABASE", kImportExport);
    case StatementType::ATTACH_STATEMENT: return Refuse("ATTACH", kOpenBesides);
    case StatementType::DETACH_STATEMENT: return Refuse("DETACH", kOpenBesides);
    case StatementType::LOAD_STATEMENT: return Refuse("LOAD", kNoExtensions);
    case StatementType::UPDATE_EXTENSIONS_STATEMENT:
      return Refuse("UPDATE EXTENSIONS", kNoExtensions);
    case StatementType::VACUUM_STATEMENT:
      return Refuse("VACUUM", "statistics are kept with every segment");
    default:
      return Refuse(duckdb::StatementTypeToString(statement.type),
                    "it is not a statement of users");
  }
}

}  // namespace

Status CheckStatement(const duckdb::SQLStatement& statement) { return Check(statement, false); }

}  // namespace rhizo::engine
