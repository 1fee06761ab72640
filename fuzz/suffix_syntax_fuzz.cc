// Any text: no crash, and what DuckDB's own parser accepts comes back as it parses it.
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "engine/duckdb_headers.h"
#include "sql/suffix_syntax.h"

namespace {

bool ParsePlainly(const std::string& query, std::string* out) {
  try {
    duckdb::Parser parser;
    parser.ParseQuery(query);
    for (const auto& statement : parser.statements) *out += statement->ToString() + ";";
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

bool ParseOurs(const std::string& query, std::string* out) {
  try {
    for (const auto& statement : rhizo::sql::ParseStatements(query, {})) {
      *out += statement->ToString() + ";";
    }
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string query(reinterpret_cast<const char*>(data), size);
  std::string plain;
  std::string ours;
  bool is_plain = ParsePlainly(query, &plain);
  bool is_ours = ParseOurs(query, &ours);
  bool draws_a_name = plain.find("__pivot_enum_") != std::string::npos;
  // Ours may refuse the statement, never change it.
  CHECK(!is_plain || !is_ours || draws_a_name || plain == ours);
  return 0;
}
