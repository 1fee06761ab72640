// The rows that an update or delete statement found, as table/change_rows.h takes them: addresses
// in order, then new values, cast to their columns' types only where exact. Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "sql/exact_cast.h"
#include "sql/result_stream.h"
#include "table/open_table.h"
#include "table/row_source.h"

namespace rhizo::sql {

// Which row of the table, from 0, a scan's address names.
uint64_t RowNumber(const table::OpenTable& table, int64_t address);

class EditRows final : public table::RowSource {
 public:
  // kSchema if a value's type cannot meet its column's, kSql if the condition is no BOOLEAN.
  static Result<std::unique_ptr<EditRows>> Open(std::unique_ptr<ResultStream> found,
                                                std::shared_ptr<const table::OpenTable> table,
                                                const std::vector<size_t>& fields,
                                                bool has_condition);

  const model::Schema& schema() const override { return schema_; }
  // kSchema naming column, row of the table and value that do not fit; kConstraint for a NULL.
  Result<bool> Next(duckdb::DataChunk* chunk) override;

 private:
  struct Value {
    model::Type type;               // of the expression
    std::optional<ExactCast> cast;  // nothing: only NULLs fit
  };

  EditRows(std::unique_ptr<ResultStream> found, std::shared_ptr<const table::OpenTable> table)
      : found_(std::move(found)), table_(std::move(table)) {}
  Status Fill(size_t index, duckdb::DataChunk* chunk);
  Error DoesNotFit(size_t index, duckdb::idx_t row);
  uint64_t NumberOf(duckdb::idx_t row);

  const std::unique_ptr<ResultStream> found_;
  const std::shared_ptr<const table::OpenTable> table_;
  model::Schema schema_;  // the address, then the fields
  std::vector<Value> values_;
  duckdb::DataChunk incoming_;
};

}  // namespace rhizo::sql
