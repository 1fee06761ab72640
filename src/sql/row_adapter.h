// Somebody's rows as rows of a table: columns matched by name, cast only where exact, missing ones
// filled with their default or NULL, NOT NULL checked. Never a silent change of a value.
// Not thread-safe.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/arrow_in.h"
#include "engine/duckdb_headers.h"
#include "sql/exact_cast.h"
#include "sql/schema_match.h"
#include "table/row_source.h"

namespace rhizo::sql {

// The rows of a user's Arrow stream as they come.
std::unique_ptr<table::RowSource> ArrowRows(std::unique_ptr<engine::ArrowReader> reader);

class StreamRows final : public table::RowSource {
 public:
  // `rows` in the schema of a table. kSchema if columns or types cannot meet (schema_match.h).
  static Result<std::unique_ptr<StreamRows>> Match(duckdb::ClientContext& client,
                                                   std::unique_ptr<table::RowSource> rows,
                                                   const model::Schema& table);

  const model::Schema& schema() const override { return schema_; }
  // kSchema naming column, types, row and the first value that does not fit; kConstraint for a
  // NULL where none may be.
  Result<bool> Next(duckdb::DataChunk* chunk) override;

 private:
  struct Column {
    std::optional<size_t> source;   // index into the incoming columns
    std::optional<ExactCast> cast;  // nothing: every row is `constant`
    duckdb::Value constant;
  };

  StreamRows(std::unique_ptr<table::RowSource> rows, const model::Schema& table);
  Result<Column> MakeColumn(duckdb::ClientContext& client, size_t index,
                            std::optional<size_t> source) const;
  Status Fill(size_t index, duckdb::DataChunk* chunk);
  Error DoesNotFit(size_t index, const duckdb::Value& value, uint64_t row) const;

  const std::unique_ptr<table::RowSource> rows_;
  const model::Schema schema_;
  std::vector<Column> columns_;
  duckdb::DataChunk incoming_;
  uint64_t rows_done_ = 0;
};

}  // namespace rhizo::sql
