#include "sql/result_stream.h"

#include <thread>

#include "duckdb/main/pending_query_result.hpp"
#include "duckdb/main/stream_query_result.hpp"
#include "engine/errors.h"

namespace rhizo::sql {

using duckdb::PendingExecutionResult;
using duckdb::PendingQueryResult;
using duckdb::StreamExecutionResult;
using duckdb::StreamQueryResult;

ResultStream::ResultStream(std::shared_ptr<duckdb::Connection> connection, StatementText text,
                           WorkOptions work, std::shared_ptr<InterruptWatch> interrupts)
    : connection_(std::move(connection)),
      text_(std::move(text)),
      work_(std::move(work)),
      interrupts_(std::move(interrupts)) {}

// Others may still hold the client; its transaction ends here all the same.
ResultStream::~ResultStream() {
  result_.reset();
  pending_.reset();
  (void)engine::Guarded([&] { connection_->context->CancelTransaction(); });
}

Result<std::unique_ptr<ResultStream>> ResultStream::Start(
    std::shared_ptr<duckdb::Connection> connection,
    duckdb::unique_ptr<duckdb::SQLStatement> statement, BoundParameters parameters,
    StatementText text, WorkOptions work, std::shared_ptr<InterruptWatch> interrupts) {
  std::unique_ptr<ResultStream> stream(new ResultStream(std::move(connection), std::move(text),
                                                        std::move(work), std::move(interrupts)));
  auto started = engine::Guarded([&] {
    stream->pending_ = stream->connection_->context->PendingQuery(std::move(statement), parameters,
                                                                  duckdb::QueryParameters(true));
  });
  if (!started) return std::move(started).error();
  if (stream->pending_->HasError()) {
    return stream->text_.Translate(stream->pending_->GetErrorObject());
  }
  return stream;
}

Result<bool> ResultStream::Next(duckdb::DataChunk* out) {
  if (failure_) return *failure_;
  if (at_end_) return false;
  Result<bool> pulled = false;
  try {
    pulled = Pull(out);
  } catch (const std::exception& exception) {
    // Asked again after a failure, DuckDB wraps the first error in one about asking again.
    duckdb::BaseQueryResult* asked = pending_.get();
    if (result_) asked = result_.get();
    pulled =
        asked->HasError() ? text_.Translate(asked->GetErrorObject()) : text_.Translate(exception);
  }
  // However the engine says it.
  if (!pulled && work_.cancellation.cancelled()) pulled = StopIfCancelled().error();
  if (!pulled) failure_ = pulled.error();
  at_end_ = pulled && !*pulled;
  return pulled;
}

Status ResultStream::RunToEnd() {
  duckdb::DataChunk chunk;
  chunk.InitializeEmpty(types());
  while (true) {
    ASSIGN_OR_RETURN(bool more, Next(&chunk));
    if (!more) return {};
  }
}

Result<bool> ResultStream::Pull(duckdb::DataChunk* out) {
  InterruptWatch::Guard guard(interrupts_.get(), work_.cancellation, connection_->context.get());
  RETURN_IF_ERROR(StopIfCancelled());
  if (!result_) RETURN_IF_ERROR(FinishStart());
  if (result_->type == duckdb::QueryResultType::STREAM_RESULT) RETURN_IF_ERROR(WaitForChunk());
  chunk_ = result_->Fetch();
  if (result_->HasError()) return text_.Translate(result_->GetErrorObject());
  if (!chunk_ || chunk_->size() == 0) return false;
  out->Reference(*chunk_);
  rows_done_ += chunk_->size();
  if (work_.progress) work_.progress(rows_done_);
  return true;
}

// Runs tasks one by one until rows are there, so that a cancellation is seen in between.
Status ResultStream::FinishStart() {
  auto state = pending_->ExecuteTask();
  while (!PendingQueryResult::IsResultReady(state)) {
    RETURN_IF_ERROR(StopIfCancelled());
    if (state == PendingExecutionResult::BLOCKED) pending_->WaitForTask();
    if (state == PendingExecutionResult::NO_TASKS_AVAILABLE) std::this_thread::yield();
    state = pending_->ExecuteTask();
  }
  if (pending_->HasError()) return text_.Translate(pending_->GetErrorObject());
  result_ = pending_->Execute();
  if (result_->HasError()) return text_.Translate(result_->GetErrorObject());
  return {};
}

Status ResultStream::WaitForChunk() {
  auto& stream = result_->Cast<StreamQueryResult>();
  auto state = stream.ExecuteTask();
  while (!StreamQueryResult::IsChunkReady(state)) {
    RETURN_IF_ERROR(StopIfCancelled());
    if (state == StreamExecutionResult::EXECUTION_ERROR ||
        state == StreamExecutionResult::EXECUTION_CANCELLED) {
      return text_.Translate(stream.GetErrorObject());
    }
    if (state == StreamExecutionResult::BLOCKED) stream.WaitForTask();
    if (state == StreamExecutionResult::NO_TASKS_AVAILABLE) std::this_thread::yield();
    state = stream.ExecuteTask();
  }
  return {};
}

Status ResultStream::StopIfCancelled() {
  if (!work_.cancellation.cancelled()) return {};
  connection_->Interrupt();
  return Error(ErrorCode::kCancelled, "the query was cancelled");
}

}  // namespace rhizo::sql
