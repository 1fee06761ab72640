// The statement of a scan of one table: columns, condition, limit. The condition is SQL of the
// user, the rest is built, not written, so nothing can slip out of the condition.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "model/database_state.h"
#include "model/schema.h"
#include "sql/statement_text.h"

namespace rhizo::sql {

// The differences of the table instead of its rows: rhizo_diff(table, from, to).
struct DiffPoints {
  std::string from;
  std::string to;  // "": what the statement sees
};

struct ScanRequest {
  std::string catalog;
  model::QualifiedName table;
  const model::Schema* schema = nullptr;
  std::vector<std::string> columns;  // empty: all
  std::string where;                 // "": all rows
  std::optional<uint64_t> limit;
  std::optional<DiffPoints> diff;  // then `schema` is DiffSchema's
};

struct ScanStatement {
  duckdb::unique_ptr<duckdb::SQLStatement> statement;
  StatementText text;
};

// kSchema naming an unknown column and the nearest one; kSql if `where` is not one condition.
Result<ScanStatement> MakeScanStatement(const duckdb::ParserOptions& options,
                                        const ScanRequest& request);
// The columns of rhizo_diff for a table of this schema: _change_type, _changed_fields, its own.
model::Schema DiffSchema(const model::Schema& schema);
// The fields a scan gives: those of `columns`, or the whole schema with its attributes.
Result<model::Schema> ScanSchema(const model::Schema& schema,
                                 const std::vector<std::string>& columns);

}  // namespace rhizo::sql
