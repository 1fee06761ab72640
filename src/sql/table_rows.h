// Rows of a whole small table without a statement: what planning would cost is more than reading
// it. Reads on the caller's thread, in order, in bounded memory. Owns all it needs; one thread at a
// time.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "engine/arrow_out.h"
#include "engine/duckdb_headers.h"
#include "rhizo/cancellation.h"
#include "sql/scan_plan.h"
#include "sql/scan_reader.h"

namespace rhizo::sql {

// Tables up to this many rows are read faster on one thread than through a parallel plan.
inline constexpr uint64_t kMaxDirectRows = 4 * kMorselRows;

class TableRows final : public engine::ChunkSource {
 public:
  // `fields`: indexes into the table's schema.
  static Result<std::unique_ptr<TableRows>> Open(std::shared_ptr<duckdb::Connection> connection,
                                                 const std::string& name,
                                                 std::shared_ptr<const table::OpenTable> table,
                                                 const std::vector<size_t>& fields,
                                                 std::optional<uint64_t> limit, WorkOptions work);

  ~TableRows() override;

  // kCancelled once the work was cancelled. After an error only that error.
  Result<bool> Next(duckdb::DataChunk* out) override;

 private:
  TableRows(std::shared_ptr<duckdb::Connection> connection,
            std::shared_ptr<const table::OpenTable> table, std::optional<uint64_t> limit,
            WorkOptions work);

  bool Pull(duckdb::DataChunk* out);

  // Declared so that the connection, which keeps the engine alive, dies last.
  const std::shared_ptr<duckdb::Connection> connection_;
  const std::shared_ptr<const table::OpenTable> table_;
  const WorkOptions work_;
  ScanPlan plan_;
  std::optional<ScanReader> reader_;
  size_t next_morsel_ = 0;
  uint64_t rows_left_;
  uint64_t rows_done_ = 0;
  std::optional<Error> failure_;
};

}  // namespace rhizo::sql
