// Expressions of the user as parts of a statement that we build: parsed together, so that errors
// point into what was written, and nothing can slip out of its part.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "sql/statement_text.h"

namespace rhizo::sql {

// SELECT `expressions` WHERE `condition`, FROM nothing yet.
struct ParsedParts {
  duckdb::unique_ptr<duckdb::SQLStatement> statement;
  StatementText text;
  duckdb::SelectNode& node() const;
};

// Without expressions the list of the statement is one constant; `condition` "": none. kSql if one
// of them is not exactly one expression.
Result<ParsedParts> ParseParts(const duckdb::ParserOptions& options,
                               const std::vector<std::string>& expressions,
                               const std::string& condition);

// The expression beside a NULL of a column's type: literals take that type, other types keep theirs
// where they hold it.
duckdb::unique_ptr<duckdb::ParsedExpression> Towards(
    const duckdb::LogicalType& type, duckdb::unique_ptr<duckdb::ParsedExpression> expression);

// kSql for expressions that the engine takes minutes to plan, and naming a function that makes rows
// (unnest) outside of subqueries.
Status CheckShape(duckdb::SelectNode& node);
// kSql naming a function whose value changes from call to call (random(), uuid()), wherever it
// stands in the statement.
enum class Volatility {
  kPerCall,       // random(), uuid()
  kPerStatement,  // also what changes from statement to statement: now()
};
Status CheckNothingVolatile(duckdb::ClientContext& client, duckdb::SelectNode& node,
                            std::string_view what, Volatility least = Volatility::kPerCall);

}  // namespace rhizo::sql
