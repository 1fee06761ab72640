// From segments to a table's tree: entries in a gap, and trees with entries put and erased.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/entry.h"
#include "table/segment_sink.h"
#include "table/write.h"
#include "tree/apply.h"

namespace rhizo::table {

// A birth for so many rows in one place. kUnsupported beyond 2^32 rows.
Result<BirthId> DrawBirth(const WriteContext& context, uint64_t rows);
// Entries for new segments that lie in `gap`, one birth for all. kUnsupported beyond 2^32 rows.
Result<std::vector<model::SegmentEntry>> EntriesIn(const WriteContext& context,
                                                   const model::Gap& gap,
                                                   std::span<const StoredSegment> segments);
void CountNew(std::span<const StoredSegment> segments, WriteCounts* counts);

// The places of an entry's first and last row.
Result<model::Place> FirstPlace(object::ObjectReader& reader, const model::SegmentEntry& entry);
Result<model::Place> LastPlace(object::ObjectReader& reader, const model::SegmentEntry& entry);
// That of a table's last row; nothing if it has none.
Result<std::optional<model::Place>> LastPlaceOf(object::ObjectReader& reader,
                                                const model::TableState& state);
// The key of an entry whose runs stand inline.
std::string KeyOf(const model::SegmentEntry& entry);

// Edits of a table's tree, and what they do to the table's counts. Not thread-safe.
class EntryEdits {
 public:
  void Put(std::string key, const model::SegmentEntry& entry);
  void Put(const model::SegmentEntry& entry) { Put(KeyOf(entry), entry); }
  void Erase(std::string key, const model::SegmentEntry& entry);
  // `state` with the edits: tree, rows, entries, bytes.
  Result<model::TableState> ApplyTo(const WriteContext& context, model::TableState state);

 private:
  std::vector<tree::Edit> edits_;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
};

}  // namespace rhizo::table
