#include "sql/table_rows.h"

#include <limits>

#include "engine/errors.h"

namespace rhizo::sql {
namespace {

// As while a statement runs: what is computed from the rows may look up functions.
void BeginTransaction(duckdb::ClientContext& client) {
  client.transaction.SetAutoCommit(false);  // begins one
}

}  // namespace

TableRows::TableRows(std::shared_ptr<duckdb::Connection> connection,
                     std::shared_ptr<const table::OpenTable> table, std::optional<uint64_t> limit,
                     WorkOptions work)
    : connection_(std::move(connection)),
      table_(std::move(table)),
      work_(std::move(work)),
      rows_left_(limit.value_or(std::numeric_limits<uint64_t>::max())) {}

TableRows::~TableRows() {
  (void)engine::Guarded([&] {
    auto& transaction = connection_->context->transaction;
    if (transaction.HasActiveTransaction()) transaction.Rollback(nullptr);
  });
}

Result<std::unique_ptr<TableRows>> TableRows::Open(std::shared_ptr<duckdb::Connection> connection,
                                                   const std::string& name,
                                                   std::shared_ptr<const table::OpenTable> table,
                                                   const std::vector<size_t>& fields,
                                                   std::optional<uint64_t> limit,
                                                   WorkOptions work) {
  std::unique_ptr<TableRows> rows(
      new TableRows(std::move(connection), std::move(table), limit, std::move(work)));
  duckdb::vector<duckdb::column_t> columns(fields.begin(), fields.end());
  RETURN_IF_ERROR(engine::Guarded([&] {
    BeginTransaction(*rows->connection_->context);
    rows->plan_ = MakeScanPlan(name, *rows->table_, columns, {});
    rows->reader_.emplace(*rows->connection_->context, rows->plan_, nullptr);
  }));
  return rows;
}

Result<bool> TableRows::Next(duckdb::DataChunk* out) {
  if (failure_) return *failure_;
  if (work_.cancellation.cancelled()) {
    failure_ = Error(ErrorCode::kCancelled, "reading the table was cancelled");
    return *failure_;
  }
  auto pulled = engine::Guarded([&] { return Pull(out); });
  if (!pulled) failure_ = pulled.error();
  if (pulled && *pulled && work_.progress) work_.progress(rows_done_);
  return pulled;
}

bool TableRows::Pull(duckdb::DataChunk* out) {
  if (rows_left_ == 0) return false;
  while (!reader_->Next(out)) {
    if (next_morsel_ == plan_.morsels.size()) return false;
    reader_->Start(plan_.morsels[next_morsel_++]);
  }
  if (out->size() > rows_left_) out->SetCardinality(rows_left_);
  rows_left_ -= out->size();
  rows_done_ += out->size();
  return true;
}

}  // namespace rhizo::sql
