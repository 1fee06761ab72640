// Rows with an expression of the engine over each column: one expression per column, over that
// column alone.
#pragma once

#include <functional>
#include <memory>

#include "engine/arrow_out.h"
#include "engine/duckdb_headers.h"

namespace rhizo::db {

using ExpressionPtr = duckdb::unique_ptr<duckdb::Expression>;

class ExpressionRows final : public engine::ChunkSource {
 public:
  // `make` gets a reference to a column and gives the expression over it; it may throw, and so does
  // this.
  ExpressionRows(duckdb::shared_ptr<duckdb::ClientContext> client,
                 std::unique_ptr<engine::ChunkSource> rows,
                 duckdb::vector<duckdb::LogicalType> types,
                 const std::function<ExpressionPtr(ExpressionPtr)>& make);

  Result<bool> Next(duckdb::DataChunk* out) override;

 private:
  duckdb::shared_ptr<duckdb::ClientContext> client_;
  std::unique_ptr<engine::ChunkSource> rows_;
  const duckdb::vector<duckdb::LogicalType> types_;
  duckdb::vector<ExpressionPtr> expressions_;
  duckdb::ExpressionExecutor executor_;
  duckdb::DataChunk values_;
};

}  // namespace rhizo::db
