// The text a statement came from, for errors that point into what the user wrote. Text that we put
// in front of it is hidden: positions count from the user's first byte. Regular value type.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/duckdb_headers.h"

namespace rhizo::sql {

struct StatementText {
  std::string text;
  size_t hidden_prefix = 0;  // bytes of `text` that are not the user's

  Error Translate(const duckdb::ErrorData& error) const;
  Error Translate(const std::exception& exception) const {
    return Translate(duckdb::ErrorData(exception));
  }
};

}  // namespace rhizo::sql
