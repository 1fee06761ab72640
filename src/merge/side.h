// The rows of a region on one side, and views of them: the rows it has in an interval of places.
// Not thread-safe.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "merge/regions.h"
#include "merge/undefined.h"
#include "table/entry_editor.h"
#include "table/old_rows.h"
#include "table/open_table.h"

namespace rhizo::merge {

struct SideEntry {
  std::shared_ptr<const model::SegmentEntry> entry;
  model::PositionSet shown;    // visible slots
  model::PositionSet visible;  // those that take part: not decided elsewhere
  std::vector<table::LivePatch> patches;
  uint64_t first_row = 0;     // visible rows of the side before it
  uint64_t first_stored = 0;  // slots of the side before it
};

// Slots of an entry (visible or not) whose places follow each other.
struct Stretch {
  size_t entry = 0;
  uint32_t slot = 0;
  uint32_t slots = 0;
  model::Place first;

  uint32_t position() const { return first.levels.back().position; }
  void Skip(uint32_t count);
  // How many of its places lie before `place`, which may be one of them.
  uint32_t SlotsBefore(const model::Place& place) const;
};

// What a side has in an interval. Rows are counted from the interval's first place: offsets.
struct View {  // NOLINT(clang-analyzer-core.uninitialized.Assign): see model::Field
  const SideEntry* entry = nullptr;  // null: nothing
  uint32_t slot = 0;                 // of offset 0
  model::PositionSet rows;           // visible
  model::Place first;                // of offset 0

  bool SameSlots(const View& other) const {
    return entry != nullptr && other.entry != nullptr &&
           entry->entry->id == other.entry->entry->id && slot == other.slot;
  }
  // Cells of a field that a patch gives, by patch.
  std::map<ObjectId, model::PositionSet> Patched(FieldId field) const;
  // Rows of a field whose value comes from another patch, or from none, than in a view of the same
  // slots.
  model::PositionSet OtherwisePatched(const View& other, FieldId field) const;
};

class Side {
 public:
  // Slots that do not take part, by key of their entry.
  using Masks = std::map<std::string, std::set<uint32_t>>;

  // `client`: null where only row blocks are read. Table, entries, undefined and the client outlive
  // the side.
  static Result<Side> Load(duckdb::ClientContext* client, const table::OpenTable& table,
                           const std::vector<EntryAt>& entries, const Masks& masks,
                           const Undefined* undefined);

  const std::vector<Stretch>& stretches() const { return stretches_; }
  View ViewOf(const Stretch& stretch, uint32_t count) const;
  // A view of one visible row.
  View ViewOf(size_t entry, uint32_t slot, model::Place place) const;
  // Of the rows of an interval that begins at `first`, whether or not the side has any.
  model::PositionSet UndefinedRows(const model::Place& first, uint32_t count) const;
  model::PositionSet UndefinedCells(FieldId field, const model::Place& first, uint32_t count) const;

  // A cell of which a virtual state does not know what it holds.
  bool IsUndefined(const model::RowId& row, FieldId field) const;

  // Of its entries in the region.
  size_t NumberOf(const SideEntry& entry) const;
  model::Place PlaceOf(size_t entry, uint32_t slot) const;
  // Entry and slot of the visible row at a place.
  std::optional<std::pair<size_t, uint32_t>> Find(const model::Place& place) const;

  // What rows are called in rows().
  std::vector<uint64_t> RowsOf(const View& view, const model::PositionSet& offsets) const;
  Result<table::OldRows*> rows();
  // Values of a field, one per offset: as the side shows them, and as the segment alone holds them.
  Status Gather(const View& view, size_t field, const model::PositionSet& offsets,
                duckdb::Vector* out);
  Status GatherStored(const View& view, size_t field, const model::PositionSet& offsets,
                      duckdb::Vector* out);
  // The keys of rows, one per offset.
  Result<std::vector<KeyBytes>> KeysOf(const View& view, const model::PositionSet& offsets);

 private:
  Side(duckdb::ClientContext* client, const table::OpenTable& table, const Undefined* undefined)
      : client_(client), table_(&table), undefined_(undefined) {}
  Status Open(bool stored, std::unique_ptr<table::OldRows>* rows);

  duckdb::ClientContext* client_;
  const table::OpenTable* table_;
  const Undefined* undefined_;  // null: nothing
  std::vector<std::unique_ptr<SideEntry>> entries_;
  std::vector<Stretch> stretches_;
  std::unique_ptr<table::OldRows> shown_;
  std::unique_ptr<table::OldRows> stored_;
};

}  // namespace rhizo::merge
