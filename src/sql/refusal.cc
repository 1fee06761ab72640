#include "sql/refusal.h"

#include "duckdb/parser/statement/list.hpp"
#include "engine/errors.h"

namespace rhizo::sql {
namespace {

using duckdb::CatalogType;
using duckdb::StatementType;

constexpr char kWriteRows[] = "use write or append";

Error RefuseCreate(const duckdb::CreateInfo& info) {
  switch (info.type) {
    case CatalogType::TABLE_ENTRY:
      if (info.temporary) return NotYet("CREATE TEMP TABLE", "use a CTE (WITH ... AS)");
      return NotYet("CREATE TABLE", "use create_table or write");
    case CatalogType::VIEW_ENTRY:
      return NotYet(info.temporary ? "CREATE TEMP VIEW" : "CREATE VIEW", "use a CTE (WITH ... AS)");
    case CatalogType::SCHEMA_ENTRY:
      return NotYet("CREATE SCHEMA", "a table called \"s.t\" is table t of schema s");
    case CatalogType::MACRO_ENTRY:
    case CatalogType::TABLE_MACRO_ENTRY: return NotYet("CREATE MACRO", "write the expression out");
    default:
      return NotYet("CREATE " + duckdb::CatalogTypeToString(info.type),
                    "it can only be read so far");
  }
}

Error RefuseAlter(const duckdb::AlterInfo& info) {
  return NotYet("ALTER", info.type == duckdb::AlterType::ALTER_TABLE
                             ? "use rename_table, or write with schema=\"replace\""
                             : "it can only be read so far");
}

Error RefuseDrop(const duckdb::DropInfo& info) {
  return NotYet(
      "DROP " + duckdb::StringUtil::Upper(duckdb::CatalogTypeToString(info.type)),
      info.type == CatalogType::TABLE_ENTRY ? "use drop_table" : "it can only be read so far");
}

Status Check(const duckdb::SQLStatement& statement, bool inside_pivot);

Status CheckAll(const duckdb::MultiStatement& statement) {
  for (const auto& part : statement.statements) {
    RETURN_IF_ERROR(Check(*part, true));
  }
  return {};
}

Status CheckDrop(const duckdb::DropInfo& info, bool inside_pivot) {
  if (info.type == CatalogType::PREPARED_STATEMENT) return {};
  if (info.type == CatalogType::TYPE_ENTRY && inside_pivot) return {};
  return RefuseDrop(info);
}

Status CheckCreate(const duckdb::CreateInfo& info, bool inside_pivot) {
  if (info.type == CatalogType::TYPE_ENTRY && inside_pivot) return {};
  return RefuseCreate(info);
}

Status Check(const duckdb::SQLStatement& statement, bool inside_pivot) {
  switch (statement.type) {
    case StatementType::SELECT_STATEMENT:
    case StatementType::EXECUTE_STATEMENT:
    case StatementType::CALL_STATEMENT:
    case StatementType::PRAGMA_STATEMENT: return {};
    case StatementType::EXPLAIN_STATEMENT:
      return Check(*statement.Cast<duckdb::ExplainStatement>().stmt, false);
    case StatementType::PREPARE_STATEMENT:
      return Check(*statement.Cast<duckdb::PrepareStatement>().statement, false);
    case StatementType::MULTI_STATEMENT: return CheckAll(statement.Cast<duckdb::MultiStatement>());
    case StatementType::INSERT_STATEMENT: return NotYet("INSERT", kWriteRows);
    case StatementType::UPDATE_STATEMENT: return NotYet("UPDATE", kWriteRows);
    case StatementType::DELETE_STATEMENT: return NotYet("DELETE", kWriteRows);
    case StatementType::MERGE_INTO_STATEMENT: return NotYet("MERGE INTO", kWriteRows);
    case StatementType::TRANSACTION_STATEMENT:
      return NotYet("BEGIN, COMMIT and ROLLBACK", "use transaction()");
    case StatementType::CREATE_STATEMENT:
      return CheckCreate(*statement.Cast<duckdb::CreateStatement>().info, inside_pivot);
    case StatementType::ALTER_STATEMENT:
      return RefuseAlter(*statement.Cast<duckdb::AlterStatement>().info);
    case StatementType::DROP_STATEMENT:
      return CheckDrop(*statement.Cast<duckdb::DropStatement>().info, inside_pivot);
    case StatementType::SET_STATEMENT:
      return NotYet("SET and RESET", "pass values as parameters of the statement");
    default:
      return NotYet(duckdb::StatementTypeToString(statement.type), "it can only be read so far");
  }
}

}  // namespace

Error NotYet(std::string_view what, std::string_view instead) {
  std::string message(what);
  message += " through SQL is not supported yet; ";
  message += instead;
  return Error(ErrorCode::kUnsupported, std::move(message)).With("statement", std::string(what));
}

void ThrowNotYet(std::string_view what, std::string_view instead) {
  engine::ThrowError(NotYet(what, instead));
}

Status CheckReadsOnly(const duckdb::SQLStatement& statement) { return Check(statement, false); }

}  // namespace rhizo::sql
