// Rows in order become segments: cut at a fixed size, encoded by several threads while the next
// rows are collected, stored at once (large files) or staged. Memory: one segment per thread and
// the one being collected. Not thread-safe.
#pragma once

#include <deque>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/duckdb_headers.h"
#include "model/entry.h"
#include "table/write.h"

namespace rhizo::table {

struct StoredSegment {
  model::SegmentKind kind = model::SegmentKind::kRowBlock;
  ObjectId id;  // as an entry names it
  uint32_t rows = 0;
  uint64_t length_bytes = 0;
};

// How many rows a Parquet segment of this schema has: 122,880, fewer where rows are wide.
uint64_t RowsPerSegment(const model::Schema& schema);

class SegmentSink {
 public:
  // Both outlive the sink.
  SegmentSink(const WriteContext& context, const model::Schema& schema);
  ~SegmentSink();

  Status Add(duckdb::DataChunk& rows, duckdb::idx_t offset, duckdb::idx_t count);
  // The same for rows that are already collected; uses them up.
  Status Add(std::unique_ptr<duckdb::ColumnDataCollection> rows);
  // Ends the current segment, if it has rows. Says how many segments there are now.
  Result<size_t> Cut();
  // All segments in order, once.
  Result<std::vector<StoredSegment>> Finish();

 private:
  using Rows = std::unique_ptr<duckdb::ColumnDataCollection>;

  bool TryBlock(duckdb::DataChunk& rows, duckdb::idx_t offset, duckdb::idx_t count);
  Status Unpack();
  Status Collect(duckdb::DataChunk& rows, duckdb::idx_t offset, duckdb::idx_t count);
  Status Encode(Rows rows);
  StoredSegment StoreBlock(std::string bytes, uint32_t rows);
  Result<StoredSegment> StoreFile(duckdb::ColumnDataCollection* rows) const;
  Status WaitForOldest();

  const WriteContext& context_;
  const model::Schema& schema_;
  const duckdb::vector<duckdb::LogicalType> types_;
  const uint64_t rows_per_segment_;
  size_t segments_ = 0;
  // The current segment: as a finished block while a write is small, else collected.
  std::optional<std::string> block_;
  uint32_t block_rows_ = 0;
  Rows collected_;
  std::vector<StoredSegment> stored_;
  std::deque<std::future<Result<StoredSegment>>> encoding_;  // in order, after stored_
};

}  // namespace rhizo::table
