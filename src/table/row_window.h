// The next rows of a feed, held so that they can be looked at ahead of being used. Rows are counted
// from the first one held. Memory: what is held. Not thread-safe.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "table/row_batch.h"
#include "table/row_feed.h"

namespace rhizo::table {

class RowWindow final : public RowBatch {
 public:
  // The feed outlives the window.
  RowWindow(const std::vector<duckdb::LogicalType>& types, RowFeed* feed)
      : types_(types.begin(), types.end()), feed_(feed) {}

  // Holds at least `rows` rows afterwards, unless the feed ends before.
  Status Fill(uint64_t rows);
  uint64_t rows() const { return rows_; }
  bool ended() const { return ended_; }  // nothing comes behind the rows held
  // Forgets the first `rows` rows.
  void Drop(uint64_t rows);

  Status ForEach(size_t field, uint64_t begin, uint64_t count, const Visit& visit) override;
  // The same with all columns.
  using VisitRows =
      std::function<Status(duckdb::DataChunk& rows, duckdb::idx_t offset, duckdb::idx_t count)>;
  Status ForEachRow(uint64_t begin, uint64_t count, const VisitRows& visit);

 private:
  std::unique_ptr<duckdb::DataChunk> EmptyChunk();

  struct Chunk {
    uint64_t begin = 0;  // from the first row of the feed
    std::unique_ptr<duckdb::DataChunk> rows;
  };

  const duckdb::vector<duckdb::LogicalType> types_;
  RowFeed* const feed_;
  std::deque<Chunk> chunks_;
  std::vector<std::unique_ptr<duckdb::DataChunk>> spare_;  // memory is asked for once
  uint64_t dropped_ = 0;
  uint64_t rows_ = 0;
  bool ended_ = false;
};

}  // namespace rhizo::table
