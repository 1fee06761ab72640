// A statement that runs: rows are computed as they are pulled, in bounded memory. Owns its
// connection, so it stays valid after its session and database handles are gone. One thread at a
// time.
#pragma once

#include <memory>
#include <optional>

#include "engine/arrow_out.h"
#include "engine/duckdb_headers.h"
#include "rhizo/cancellation.h"
#include "sql/interrupt_watch.h"
#include "sql/parameters.h"
#include "sql/statement_text.h"

namespace rhizo::sql {

class ResultStream final : public engine::ChunkSource {
 public:
  // Binds and plans `statement`; the session is not asked afterwards.
  static Result<std::unique_ptr<ResultStream>> Start(
      std::shared_ptr<duckdb::Connection> connection,
      duckdb::unique_ptr<duckdb::SQLStatement> statement, BoundParameters parameters,
      StatementText text, WorkOptions work, std::shared_ptr<InterruptWatch> interrupts);
  ~ResultStream() override;

  const duckdb::vector<duckdb::LogicalType>& types() const { return pending_->types; }
  const duckdb::vector<std::string>& names() const { return pending_->names; }
  duckdb::shared_ptr<duckdb::ClientContext> client() const { return connection_->context; }

  // kCancelled once the work was cancelled. After an error only that error.
  Result<bool> Next(duckdb::DataChunk* out) override;
  // Pulls and drops all rows.
  Status RunToEnd();

 private:
  ResultStream(std::shared_ptr<duckdb::Connection> connection, StatementText text, WorkOptions work,
               std::shared_ptr<InterruptWatch> interrupts);

  Result<bool> Pull(duckdb::DataChunk* out);
  Status FinishStart();
  Status WaitForChunk();
  Status StopIfCancelled();

  // Declared so that the connection, which keeps the engine alive, dies last.
  std::shared_ptr<duckdb::Connection> connection_;
  const StatementText text_;
  const WorkOptions work_;
  const std::shared_ptr<InterruptWatch> interrupts_;
  duckdb::unique_ptr<duckdb::PendingQueryResult> pending_;
  duckdb::unique_ptr<duckdb::QueryResult> result_;
  duckdb::unique_ptr<duckdb::DataChunk> chunk_;  // what the last `out` refers to
  uint64_t rows_done_ = 0;
  bool at_end_ = false;
  std::optional<Error> failure_;
};

}  // namespace rhizo::sql
