// What differs in one table between two states of it, counted.
#pragma once

#include <optional>

#include "db/session_impl.h"

namespace rhizo::db {

// Nothing: only how the table is stored differs.
Result<std::optional<TableDiff>> SummariseChange(duckdb::ClientContext* client,
                                                 const sql::TablePair& tables);

}  // namespace rhizo::db
