#include "table/entry_edits.h"
#include "table/row_feed.h"
#include "table/segment_sink.h"
#include "table/write.h"

namespace rhizo::table {
namespace {

constexpr uint64_t kMaxRowsPerBirth = uint64_t{1} << 32;

}  // namespace

Result<BirthId> DrawBirth(const WriteContext& context, uint64_t rows) {
  if (rows > kMaxRowsPerBirth) {
    return Unsupported("a write of more than 4,294,967,296 rows in one place");
  }
  return DeriveBirthId(context.txn, (*context.next_ordinal)++);
}

Result<std::vector<model::SegmentEntry>> EntriesIn(const WriteContext& context,
                                                   const model::Gap& gap,
                                                   std::span<const StoredSegment> segments) {
  std::vector<model::SegmentEntry> entries;
  if (segments.empty()) return entries;
  uint64_t rows = 0;
  for (const auto& segment : segments) rows += segment.rows;
  ASSIGN_OR_RETURN(auto birth, DrawBirth(context, rows));
  uint64_t position = 0;
  for (const auto& segment : segments) {
    auto first = gap.Start(birth);
    first.levels.back().position = static_cast<uint32_t>(position);
    entries.push_back(model::WholeSegment(segment.kind, segment.id, segment.rows,
                                          segment.length_bytes, std::move(first)));
    position += segment.rows;
  }
  return entries;
}

void CountNew(std::span<const StoredSegment> segments, WriteCounts* counts) {
  counts->segments_new += segments.size();
  for (const auto& segment : segments) counts->new_bytes += segment.length_bytes;
}

Result<EncodedRows> EncodeRows(const WriteContext& context, const model::Schema& schema,
                               RowSource* rows) {
  ASSIGN_OR_RETURN(auto feed, RowFeed::Open(schema, rows, context.progress, &context.check));
  SegmentSink sink(context, schema);
  auto add = [&](duckdb::DataChunk& chunk, duckdb::idx_t offset, duckdb::idx_t count) {
    return sink.Add(chunk, offset, count);
  };
  while (true) {
    ASSIGN_OR_RETURN(uint64_t count, feed.Next(UINT64_MAX, add));
    if (count == 0) break;
  }
  ASSIGN_OR_RETURN(auto segments, sink.Finish());
  EncodedRows encoded;
  ASSIGN_OR_RETURN(encoded.entries,
                   EntriesIn(context, model::GapBetween(nullptr, nullptr), segments));
  encoded.counts.rows = encoded.counts.rows_inserted = feed.rows_done();
  CountNew(segments, &encoded.counts);
  return encoded;
}

}  // namespace rhizo::table
