// A table state opened for reading: its entries in order with what is known of their segments.
// Immutable, shared by every session, version and branch that sees this state. Reading columns goes
// through the ColumnCache; overlays (hidden rows, patches) are laid on as vectors pass.
// Thread-safe.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "engine/duckdb_headers.h"
#include "engine/instance.h"
#include "model/entry.h"
#include "model/segment_info.h"
#include "model/table_state.h"
#include "object/object_reader.h"
#include "object/object_store.h"
#include "table/column_cache.h"
#include "table/overlay.h"
#include "table/read_context.h"

namespace rhizo::table {

// What is known of a segment without reading its rows: the same for both kinds. Of row blocks
// bounds and NULLs were counted when it was described; their content keys are zero and chunk ranges
// empty.
struct SegmentDescription {
  ObjectId id;  // the Parquet file's id or the row block's: the cache key
  uint64_t rows = 0;
  std::vector<model::FieldInfo> fields;
  object::ObjectBytes row_block;                   // the block's bytes, if it is one
  std::shared_ptr<const model::SegmentInfo> info;  // Parquet only
  // Null if the segment has no such field (it is older than the field).
  const model::FieldInfo* Find(FieldId field) const;
};

// Describes the segment of an entry; remembered by context.cache.
Result<std::shared_ptr<const SegmentDescription>> DescribeSegment(const ReadContext& context,
                                                                  const model::SegmentEntry& entry);

class SegmentFile;

// A whole column of a segment, in the segment's type (`field` is one of the description's).
// Remembered by context.cache. `client` may be null for row blocks. `file`, if given, keeps the
// segment open for its next column.
Result<std::shared_ptr<const DecodedColumn>> ReadColumn(
    duckdb::ClientContext* client, const ReadContext& context, const SegmentDescription& segment,
    const model::FieldInfo& field, std::unique_ptr<SegmentFile>* file = nullptr);

struct OpenEntry {
  model::SegmentEntry entry;
  std::shared_ptr<const SegmentDescription> segment;
  std::shared_ptr<OverlaySlot> overlay;
  uint64_t first_row = 0;  // visible rows of the table before this entry
  // Nothing hidden, whole slice, no patch at all: vectors may be handed out as they are.
  bool is_clean = true;
};

// An entry with what is known of its segment; row counts from 0.
Result<OpenEntry> OpenEntryOf(const ReadContext& context, model::SegmentEntry entry);

class OpenTable {
 public:
  static Result<std::shared_ptr<const OpenTable>> Open(
      ReadContext context, ObjectId state_id, std::shared_ptr<const model::TableState> state);

  const ObjectId& state_id() const { return state_id_; }
  const model::TableState& state() const { return *state_; }
  const model::Schema& schema() const { return state_->schema; }
  const std::vector<duckdb::LogicalType>& types() const { return types_; }  // of schema().fields
  const ReadContext& context() const { return context_; }
  // All entries in order, read once on first use; costs what the table has entries.
  Result<std::span<const OpenEntry>> Entries() const;
  // Statistics of a whole column joined over entries, patches included; null if unknown. Bounds are
  // never narrower than the values.
  Result<duckdb::unique_ptr<duckdb::BaseStatistics>> Statistics(size_t field_index) const;

 private:
  OpenTable(ReadContext context, ObjectId state_id, std::shared_ptr<const model::TableState> state);
  Status Load() const;

  const ReadContext context_;
  const ObjectId state_id_;
  const std::shared_ptr<const model::TableState> state_;
  std::vector<duckdb::LogicalType> types_;
  mutable std::mutex mutex_;
  mutable std::atomic<bool> loaded_ = false;
  mutable std::vector<OpenEntry> entries_;
  // Per field once asked for; nothing: not yet.
  mutable std::vector<std::optional<duckdb::unique_ptr<duckdb::BaseStatistics>>> statistics_;
};

// Bounds of one field over one entry for pruning (never narrower than its visible values; null:
// unknown).
duckdb::unique_ptr<duckdb::BaseStatistics> EntryStatistics(const OpenTable& table,
                                                           const OpenEntry& entry,
                                                           size_t field_index);
// True if min and max of EntryStatistics are the visible values' own.
bool EntryBoundsAreExact(const OpenTable& table, const OpenEntry& entry, size_t field_index);

// Reads entries of one table, one thread's work. Gives the rows of a slice of an entry in vectors
// of up to STANDARD_VECTOR_SIZE slots of its segment.
class EntryReader {
 public:
  // `fields`: indexes into table.schema().fields. `use_cache`: keep decoded columns (false: read
  // past it).
  // `client`: null where only row blocks are read, (files need the engine).
  EntryReader(duckdb::ClientContext* client, const OpenTable& table, std::vector<size_t> fields);
  ~EntryReader();

  // Prepares an entry; columns are decoded on first need.
  Status Start(const OpenEntry& entry);
  // Vectors in the segment; vector v covers slots [v * STANDARD_VECTOR_SIZE, ...).
  size_t vector_count() const;
  // Zone of one column in one vector, overlay considered; null if unknown. Does not decode.
  Result<const duckdb::BaseStatistics*> Zone(size_t vector, size_t field_position);
  // The visible slots of vector v: count, and a selection unless all of 0..count-1 are (then sel is
  // unset).
  Result<duckdb::idx_t> Visible(size_t vector, duckdb::SelectionVector* sel, bool* all);
  // Column `field_position` of vector v, all slots (before Visible's selection), patches laid on.
  // `out` references cached data or holds a patched copy; it must have the column's type.
  Status Read(size_t vector, size_t field_position, duckdb::Vector* out);
  // How many visible rows the entry has before vector v, for row ids of a scan.
  Result<uint64_t> FirstVisible(size_t vector);

 private:
  struct Column;
  Status Load(Column* column);
  void FindPatched(Column* column);
  Status ReadUnpatched(Column* column, size_t vector, duckdb::Vector* out);
  Status ReadPatched(Column* column, size_t vector, duckdb::Vector* out);
  Result<std::shared_ptr<const DecodedColumn>> MakePatched(Column* column);

  duckdb::ClientContext* client_;
  const OpenTable& table_;
  const std::vector<size_t> fields_;
  const OpenEntry* entry_ = nullptr;
  std::vector<Column> columns_;             // of the entry, one per field
  std::shared_ptr<const Overlay> overlay_;  // null for clean entries
  std::unique_ptr<SegmentFile> file_;       // of the entry, once a column had to be decoded
};

}  // namespace rhizo::table
