// Rows that one DuckDB hands to another: a table function without arguments that gives what a
// ChunkSource gives, in order, on one thread; and a source that keeps the error it ended with.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>

#include "base/result.h"
#include "db/file_failure.h"
#include "engine/arrow_out.h"
#include "engine/duckdb_headers.h"
#include "model/schema.h"

namespace rhizo::db {

class RowFeed final : public duckdb::TableFunctionInfo {
 public:
  static constexpr char kFunction[] = "rhizo_rows";

  // The function can be called once. `rows` must not outlive the DuckDB that made them.
  static Result<duckdb::shared_ptr<RowFeed>> Register(duckdb::DuckDB* duckdb,
                                                      const model::Schema& schema,
                                                      std::unique_ptr<engine::ChunkSource> rows,
                                                      std::function<void(uint64_t)> progress);

  uint64_t rows_done() const { return rows_done_; }
  const std::optional<Error>& failure() const { return failure_; }

  // --- called by DuckDB
  void Pull(duckdb::DataChunk* out);
  const model::Schema& schema() const { return schema_; }

  RowFeed(model::Schema schema, std::unique_ptr<engine::ChunkSource> rows,
          std::function<void(uint64_t)> progress)
      : schema_(std::move(schema)), rows_(std::move(rows)), progress_(std::move(progress)) {}

 private:
  const model::Schema schema_;
  const std::unique_ptr<engine::ChunkSource> rows_;
  const std::function<void(uint64_t)> progress_;
  std::atomic<uint64_t> rows_done_ = 0;
  std::optional<Error> failure_;
};

// The same rows; notes the error they end with.
class WatchedRows final : public engine::ChunkSource {
 public:
  WatchedRows(std::unique_ptr<engine::ChunkSource> rows, FailureSlot failure)
      : rows_(std::move(rows)), failure_(std::move(failure)) {}
  Result<bool> Next(duckdb::DataChunk* out) override;

 private:
  std::unique_ptr<engine::ChunkSource> rows_;
  const FailureSlot failure_;
};

}  // namespace rhizo::db
