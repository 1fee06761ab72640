// A table's next version while it is put together from the front: entries taken as they are,
// entries made of rows of old ones, and new rows between. Not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "table/entry_edits.h"
#include "table/row_window.h"
#include "table/segment_sink.h"
#include "table/write.h"

namespace rhizo::table {

// Consecutive rows of a new segment: rows that have a place (the first of them here, the others
// behind it in the same birth), or rows without one, which get a place in the gap they stand in.
struct RowStretch {
  uint64_t rows = 0;
  std::optional<model::Place> first;
};

class NewTable {
 public:
  // Both outlive it.
  NewTable(const WriteContext& context, const model::TableState& old)
      : context_(context), old_(old), sink_(context, old.schema) {}

  // An old entry comes next, under its old key.
  Status Keep(std::string key, const model::SegmentEntry& entry);
  // Rows of an old segment come next.
  Status Put(model::SegmentEntry entry);
  // An old entry is not taken over as it is.
  void Erase(std::string key, const model::SegmentEntry& entry) {
    edits_.Erase(std::move(key), entry);
  }
  // Rows without a place come next.
  Status Add(duckdb::DataChunk& rows, duckdb::idx_t offset, duckdb::idx_t count);
  // All rows of the batch come next, in new segments.
  Status Add(RowBatch* rows, std::vector<RowStretch> stretches);
  // Old entries stand here that stay as they are.
  Status SkipEntries();
  // Rows [begin, begin + the stretches' rows) of the window come next, in new segments.
  Status Add(RowWindow* window, uint64_t begin, std::vector<RowStretch> stretches);

  // What of this is known only to who puts it together.
  WriteCounts& counts() { return counts_; }

  Result<Written> Finish();

 private:
  // An entry, or new segments [first_segment, end_segment) of the sink, or neither: old entries
  // that stay as they are.
  struct Piece {
    std::optional<model::SegmentEntry> entry;
    std::string old_key;  // it stands in the tree under this key; "": not yet
    size_t first_segment = 0;
    size_t end_segment = 0;
    std::vector<RowStretch> stretches;
  };

  Status EndNewRows();
  uint64_t AddStretches(std::vector<RowStretch> stretches);
  Status JoinNeighbours();
  Status TryJoin(Piece* before, const Piece& after, bool* joined);
  Status PlacePieces(std::span<const StoredSegment> segments);
  Status PlaceNew(const Piece& piece, size_t index, std::span<const StoredSegment> segments);
  Result<std::optional<model::Place>> FirstPlaceFrom(size_t piece, size_t stretch);

  const WriteContext& context_;
  const model::TableState& old_;
  SegmentSink sink_;
  EntryEdits edits_;
  std::vector<Piece> pieces_;
  std::vector<RowStretch> pending_;  // of the rows in the sink since the last piece
  size_t segments_placed_ = 0;
  std::optional<model::Place> last_place_;  // while pieces are placed
  WriteCounts counts_;
};

}  // namespace rhizo::table
