// Rows on their way into a table whose columns with the rules union and intersect hold sets: each
// list sorted, each item once (docs/merge.md, section 3). Not thread-safe.
#pragma once

#include <optional>
#include <vector>

#include "table/row_source.h"

namespace rhizo::merge {

class SetRows final : public table::RowSource {
 public:
  // `fields`: of which field of a table each column of `rows` is; null: of none. Both outlive this.
  SetRows(table::RowSource* rows, const std::vector<const model::Field*>& fields);
  // The columns are those of `schema`, in order.
  SetRows(table::RowSource* rows, const model::Schema& schema);

  const model::Schema& schema() const override { return rows_->schema(); }
  Result<bool> Next(duckdb::DataChunk* chunk) override;

 private:
  void Sort(duckdb::Vector* lists, const model::Type& type, duckdb::idx_t rows);

  table::RowSource* const rows_;
  std::vector<std::optional<model::Type>> sets_;  // by column
};

}  // namespace rhizo::merge
