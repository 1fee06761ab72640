// What SQL cannot do yet, said in one voice.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/duckdb_headers.h"

namespace rhizo::sql {

// kUnsupported: "<what> through SQL is not supported yet; <instead>".
Error NotYet(std::string_view what, std::string_view instead);
[[noreturn]] void ThrowNotYet(std::string_view what, std::string_view instead);

// kUnsupported unless `statement` only reads; looks inside EXPLAIN and PREPARE. Comes after
// engine::CheckStatement, which says what no release will allow.
Status CheckReadsOnly(const duckdb::SQLStatement& statement);

}  // namespace rhizo::sql
