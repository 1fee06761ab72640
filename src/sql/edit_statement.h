// The statement that finds the rows an update or delete changes, and what they become: row
// addresses in order, new values, and the condition once more, to see that it is one.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "model/database_state.h"
#include "model/schema.h"
#include "sql/statement_text.h"

namespace rhizo::sql {

struct EditRequest {
  model::QualifiedName table;
  const model::Schema* schema = nullptr;
  std::vector<std::pair<std::string, std::string>> set;  // column, SQL; none: rows are deleted
  std::string where;                                     // "": all rows
};

struct EditStatement {
  duckdb::unique_ptr<duckdb::SQLStatement> statement;
  StatementText text;
  std::vector<size_t> fields;  // that are set, as indexes into the schema
};

// kSchema naming an unknown column or one that is set twice; kSql if an expression is none, or
// calls a volatile function.
Result<EditStatement> MakeEditStatement(duckdb::ClientContext& client, const EditRequest& request);

}  // namespace rhizo::sql
