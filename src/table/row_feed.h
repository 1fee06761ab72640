// A RowSource read in portions of any size, checked on the way: as many columns of the types that
// the table has, no NULL where it allows none.
#pragma once

#include <functional>
#include <memory>

#include "engine/duckdb_headers.h"
#include "table/write.h"

namespace rhizo::table {

class RowFeed {
 public:
  // All outlive the feed. `check`: null, or what every row has to pass.
  static Result<RowFeed> Open(const model::Schema& schema, RowSource* rows,
                              const std::function<Status(uint64_t)>& progress,
                              const CheckRows* check = nullptr);

  // The next rows that lie together, at most `limit` of them; `visit` is called once, unless there
  // are no more rows. Gives their number.
  using Visit =
      std::function<Status(duckdb::DataChunk& rows, duckdb::idx_t offset, duckdb::idx_t count)>;
  Result<uint64_t> Next(uint64_t limit, const Visit& visit);
  // Up to `limit` rows, copied together; fewer only at the end, null if there are none.
  Result<std::unique_ptr<duckdb::ColumnDataCollection>> Take(uint64_t limit);

  uint64_t rows_done() const { return rows_done_; }

 private:
  RowFeed(const model::Schema& schema, RowSource* rows,
          const std::function<Status(uint64_t)>& progress, const CheckRows* check);
  Result<bool> Fill();
  Status CheckNulls();

  const model::Schema* schema_;
  RowSource* rows_;
  const std::function<Status(uint64_t)>* progress_;
  const CheckRows* check_;
  uint64_t rows_seen_ = 0;
  duckdb::vector<duckdb::LogicalType> types_;
  std::unique_ptr<duckdb::DataChunk> chunk_;
  duckdb::idx_t offset_ = 0;
  uint64_t rows_done_ = 0;
  bool ended_ = false;
};

}  // namespace rhizo::table
