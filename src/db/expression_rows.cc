#include "db/expression_rows.h"

#include "engine/errors.h"

namespace rhizo::db {

ExpressionRows::ExpressionRows(duckdb::shared_ptr<duckdb::ClientContext> client,
                               std::unique_ptr<engine::ChunkSource> rows,
                               duckdb::vector<duckdb::LogicalType> types,
                               const std::function<ExpressionPtr(ExpressionPtr)>& make)
    : client_(std::move(client)),
      rows_(std::move(rows)),
      types_(std::move(types)),
      executor_(*client_) {
  for (size_t i = 0; i < types_.size(); ++i) {
    expressions_.push_back(make(duckdb::make_uniq<duckdb::BoundReferenceExpression>(types_[i], i)));
    executor_.AddExpression(*expressions_.back());
  }
  values_.Initialize(*client_, types_);
}

Result<bool> ExpressionRows::Next(duckdb::DataChunk* out) {
  values_.Reset();
  ASSIGN_OR_RETURN(bool more, rows_->Next(&values_));
  if (!more) return false;
  return engine::Guarded([&] {
    executor_.Execute(values_, *out);
    return true;
  });
}

}  // namespace rhizo::db
