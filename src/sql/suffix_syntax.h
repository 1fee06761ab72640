// `t@ref`, `t VERSION n`, `t@ref VERSION n`, `t@ref~n` (also quoted, qualified and aliased) as what
// DuckDB already understands: `t AT (VERSION => ...)`. DuckDB's parser goes first and what it
// accepts is returned untouched; only where it reports a syntax error at such a suffix is the
// suffix blanked out in place, the text parsed again, and the AT clause put on the table that stood
// before it. So no valid statement changes its meaning, and positions in errors point into the
// user's own text.
//
// The AT clause is unit VERSION with one constant:
//   t VERSION 5        BIGINT 5
//   t@dev, t@dev~2     VARCHAR 'dev', 'dev~2'
//   t@dev VERSION 5    VARCHAR 'dev:5'      (':' cannot be in a ref name)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/duckdb_headers.h"

namespace rhizo::sql {

// What an AT (VERSION => value) names, however it was written.
struct VersionSpec {
  std::string ref;                 // "" is the session's branch; may end in ~n
  std::optional<int64_t> version;  // of that table, in the history of `ref`

  friend bool operator==(const VersionSpec&, const VersionSpec&) = default;
};
// From the value of an AT clause: an integer, or text as above. kInvalidArgument for anything else.
Result<VersionSpec> ParseVersionValue(const duckdb::Value& value);

// Parses with the suffixes; throws DuckDB's ParserException (syntax) or a RhizoException (a
// statement that engine::CheckStatement refuses).
duckdb::vector<duckdb::unique_ptr<duckdb::SQLStatement>> ParseStatements(
    const std::string& query, const duckdb::ParserOptions& options);

// The parser extension for engine::InstanceOptions.
duckdb::shared_ptr<duckdb::ParserExtension> MakeParserExtension();

}  // namespace rhizo::sql
