#include "sql/row_adapter.h"

#include "engine/errors.h"
#include "engine/types.h"
#include "sql/row_errors.h"
#include "table/single_value.h"

namespace rhizo::sql {
namespace {

class ArrowRowSource final : public table::RowSource {
 public:
  explicit ArrowRowSource(std::unique_ptr<engine::ArrowReader> reader)
      : reader_(std::move(reader)) {}

  const model::Schema& schema() const override { return reader_->schema(); }
  Result<bool> Next(duckdb::DataChunk* chunk) override { return reader_->Next(chunk); }

 private:
  const std::unique_ptr<engine::ArrowReader> reader_;
};

}  // namespace

std::unique_ptr<table::RowSource> ArrowRows(std::unique_ptr<engine::ArrowReader> reader) {
  return std::make_unique<ArrowRowSource>(std::move(reader));
}

StreamRows::StreamRows(std::unique_ptr<table::RowSource> rows, const model::Schema& table)
    : rows_(std::move(rows)), schema_(table) {}

Result<std::unique_ptr<StreamRows>> StreamRows::Match(duckdb::ClientContext& client,
                                                      std::unique_ptr<table::RowSource> rows,
                                                      const model::Schema& table) {
  ASSIGN_OR_RETURN(auto match, MatchColumns(rows->schema(), table));
  std::unique_ptr<StreamRows> adapted(new StreamRows(std::move(rows), table));
  for (size_t i = 0; i < match.size(); ++i) {
    ASSIGN_OR_RETURN(auto column, adapted->MakeColumn(client, i, match[i]));
    adapted->columns_.push_back(std::move(column));
  }
  RETURN_IF_ERROR(engine::Guarded([&] {
    adapted->incoming_.Initialize(client, engine::ToLogicalTypes(adapted->rows_->schema()));
  }));
  return adapted;
}

Result<StreamRows::Column> StreamRows::MakeColumn(duckdb::ClientContext& client, size_t index,
                                                  std::optional<size_t> source) const {
  const auto& field = schema_.fields[index];
  Column column;
  if (!source) {
    ASSIGN_OR_RETURN(column.constant, table::DecodeDefault(field.type, field.write_default));
    return column;
  }
  const auto& incoming = rows_->schema().fields[*source];
  if (IsNullColumn(incoming)) {
    column.constant = duckdb::Value(engine::ToLogicalType(field.type));
    return column;
  }
  column.source = source;
  column.cast.emplace(client, incoming.type, field.type);
  return column;
}

Result<bool> StreamRows::Next(duckdb::DataChunk* chunk) {
  incoming_.Reset();
  ASSIGN_OR_RETURN(bool more, rows_->Next(&incoming_));
  if (!more) return false;
  RETURN_IF_ERROR(engine::Guarded([&]() -> Status {
    for (size_t i = 0; i < columns_.size(); ++i) RETURN_IF_ERROR(Fill(i, chunk));
    return {};
  }));
  chunk->SetCardinality(incoming_.size());
  rows_done_ += incoming_.size();
  return true;
}

Status StreamRows::Fill(size_t index, duckdb::DataChunk* chunk) {
  auto& column = columns_[index];
  auto& out = chunk->data[index];
  if (!column.source) {
    out.Reference(column.constant);
  } else {
    auto& in = incoming_.data[*column.source];
    if (auto row = column.cast->Run(in, out, incoming_.size())) {
      return DoesNotFit(index, in.GetValue(*row), rows_done_ + *row);
    }
  }
  if (schema_.fields[index].nullable) return {};
  auto row = FirstNull(out, incoming_.size());
  if (row) return NullInRow(schema_.fields[index], rows_done_ + *row);
  return {};
}

Error StreamRows::DoesNotFit(size_t index, const duckdb::Value& value, uint64_t row) const {
  const auto& incoming = rows_->schema().fields[*columns_[index].source];
  return ValueDoesNotFit(schema_.fields[index], incoming.type, value, row);
}

}  // namespace rhizo::sql
