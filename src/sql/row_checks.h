// The checks of a table: SQL conditions over its columns that no row may make false. NULL passes.
// Not thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "model/schema.h"

namespace rhizo::sql {

class RowChecks {
 public:
  // `client` outlives the checks. kSql naming a check that is no condition over these columns.
  static Result<std::unique_ptr<RowChecks>> Bind(duckdb::ClientContext& client,
                                                 const model::Schema& schema,
                                                 const std::vector<std::string>& checks);

  // Those that a table has: kSchema if its columns no longer fit one.
  static Result<std::unique_ptr<RowChecks>> BindStored(duckdb::ClientContext& client,
                                                       const model::Schema& schema,
                                                       const std::vector<std::string>& checks);

  // Rows in the schema. kConstraint naming a check and rows that break it; `number_of` says what a
  // row of the chunk is called (from 0).
  using NumberOf = std::function<uint64_t(duckdb::idx_t)>;
  Status Check(duckdb::DataChunk& rows, const NumberOf& number_of);

 private:
  struct Bound {
    std::string text;
    duckdb::unique_ptr<duckdb::Expression> condition;
    std::unique_ptr<duckdb::ExpressionExecutor> executor;
  };
  RowChecks() = default;
  static Result<Bound> BindOne(duckdb::ClientContext& client, const model::Schema& schema,
                               const std::string& check);

  std::vector<Bound> checks_;
};

// kConstraint: these rows (from 0) break the check.
Error BreaksCheck(const std::string& check, const std::vector<uint64_t>& rows, bool more);

}  // namespace rhizo::sql
