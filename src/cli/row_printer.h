// Prints the rows of a query as they come: aligned text, JSON, or CSV (RFC 4180).
#pragma once

#include <iosfwd>
#include <string>

#include "cli/terminal.h"
#include "rhizo/query_result.h"

namespace rhizo::cli {

enum class RowForm { kTable, kJson, kCsv };

// Widths are those of the first 1,000 rows; later ones that are wider stick out.
Status PrintRows(std::ostream& out, const Style& style, RowForm form, QueryResult* result);

}  // namespace rhizo::cli
