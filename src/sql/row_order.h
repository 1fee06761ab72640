// Rows of a statement over one table in the table's order, where the engine would lose it.
#pragma once

#include "engine/duckdb_headers.h"
#include "model/database_state.h"

namespace rhizo::sql {

// The virtual column that says where a row stands.
duckdb::unique_ptr<duckdb::ParsedExpression> RowAddress(const model::QualifiedName& table);

// A plain scan gives rows in order. Subqueries and longer lists after IN become joins, which need
// not; nor need windows.
bool MayReorder(const duckdb::SelectNode& node);

void OrderByAddress(const model::QualifiedName& table, duckdb::SelectNode* node);

}  // namespace rhizo::sql
