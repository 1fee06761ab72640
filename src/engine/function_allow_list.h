// Which of DuckDB's functions SQL may reach.
#pragma once

#include <string_view>

#include "engine/duckdb_headers.h"

namespace rhizo::engine {

// Drops every table, pragma and copy function that is not on the list, and the scalar functions
// that read settings or write logs. Throws DuckDB exceptions.
void DropForbiddenFunctions(duckdb::ClientContext& context);

// Whether `name` (lower case) is one of the functions of DuckDB that were taken away.
bool IsForbiddenFunction(std::string_view name);

}  // namespace rhizo::engine
