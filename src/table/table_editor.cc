#include "table/table_editor.h"

#include <algorithm>

#include "engine/errors.h"
#include "table/cell_change.h"
#include "table/overlay_cost.h"

namespace rhizo::table {
namespace {

// Runs of rows that stand behind each other in slots and places.
std::vector<RowStretch> StretchesOf(const model::RunList& runs, const model::PositionSet& rows) {
  std::vector<RowStretch> stretches;
  for (const auto& run : runs) {
    auto visible = rows.Slice(run.first_slot, run.end_slot());
    for (const auto& slots : visible.runs()) {
      stretches.push_back({slots.size(), run.PlaceOf(slots.begin)});
    }
  }
  return stretches;
}

}  // namespace

Result<std::unique_ptr<TableEditor>> TableEditor::Open(const WriteContext& context,
                                                       duckdb::ClientContext* client,
                                                       std::shared_ptr<const OpenTable> table) {
  ASSIGN_OR_RETURN(auto entries, table->Entries());
  return std::unique_ptr<TableEditor>(new TableEditor(context, client, std::move(table), entries));
}

Status TableEditor::Keep(size_t number) {
  const auto& entry = entries_[number].entry;
  ASSIGN_OR_RETURN(auto first, FirstPlace(*context_.read.small, entry));
  last_ = number;
  last_is_gone_ = false;
  return new_table_.Keep(model::EncodePlace(first), entry);
}

// Neighbours of an entry that goes may belong together now.
Status TableEditor::KeepBefore(size_t number) {
  CHECK(!last_ || *last_ < number);
  if (last_is_gone_ && *last_ + 1 < number) RETURN_IF_ERROR(Keep(*last_ + 1));
  bool is_next = last_ ? *last_ + 1 == number : number == 0;
  if (!is_next) RETURN_IF_ERROR(new_table_.SkipEntries());
  return {};
}

Status TableEditor::Edit(size_t number, const model::PositionSet& gone,
                         std::vector<CellChange> changes) {
  const auto& old = entries_[number];
  ASSIGN_OR_RETURN(auto editor, EntryEditor::Open(context_.read, context_.staging, old.entry));
  auto rows = Subtract(editor.visible(), gone);
  counts().rows_deleted += gone.size();
  RETURN_IF_ERROR(KeepBefore(number));
  if (rows.empty() && number > 0 && (!last_ || *last_ + 1 < number)) {
    RETURN_IF_ERROR(Keep(number - 1));
  }
  OverlayCost cost{.fields = table_->schema().fields.size(), .rows = rows.size()};
  for (const auto& change : changes) {
    cost.Change(change.slots.size());
    RETURN_IF_ERROR(Change(number, &editor, change));
  }
  ASSIGN_OR_RETURN(auto first, FirstPlace(*context_.read.small, old.entry));
  new_table_.Erase(model::EncodePlace(first), old.entry);
  if (!rows.empty()) {
    auto entry = editor.Part(rows);
    if (cost.IsCheaperAnew(old.entry, editor.patched_cells())) {
      RETURN_IF_ERROR(AddAnew(entry, editor, rows));
    } else {
      ++counts().segments_reused;
      counts().reused_bytes += entry.length_bytes;
      RETURN_IF_ERROR(new_table_.Put(std::move(entry)));
    }
  }
  last_ = number;
  last_is_gone_ = rows.empty();
  return {};
}

Result<Written> TableEditor::Finish() {
  if (last_is_gone_ && *last_ + 1 < entries_.size()) RETURN_IF_ERROR(Keep(*last_ + 1));
  ASSIGN_OR_RETURN(auto written, new_table_.Finish());
  written.counts.rows = written.state.rows;
  return written;
}

Status TableEditor::Change(size_t number, EntryEditor* editor, const CellChange& change) {
  const auto& about = table_->schema().fields[change.field];
  auto wanted = editor->CellsToWrite(about.id, change.slots);
  if (wanted == change.slots) {
    ASSIGN_OR_RETURN(uint64_t bytes, ChangeCells(client_, *table_, entries_[number], change.field,
                                                 wanted, *change.values, editor));
    counts().new_bytes += bytes;
    return {};
  }
  // Cells of other patches come along, with the values they have.
  OldRows old(client_, *table_);
  RETURN_IF_ERROR(old.Add(entries_[number]));
  auto others = Subtract(wanted, change.slots);
  std::vector<uint64_t> other_rows;
  others.ForEach([&](uint32_t slot) { other_rows.push_back(editor->visible().Rank(slot)); });
  return engine::Guarded([&]() -> Status {
    const auto& type = table_->types()[change.field];
    duckdb::Vector other_values(type, std::max<size_t>(1, other_rows.size()));
    RETURN_IF_ERROR(old.Gather(change.field, other_rows, &other_values));
    duckdb::Vector values(type, wanted.size());
    duckdb::idx_t from_change = 0;
    duckdb::idx_t from_others = 0;
    duckdb::idx_t at = 0;
    wanted.ForEach([&](uint32_t slot) {
      bool changes = change.slots.Contains(slot);
      auto& source = changes ? *change.values : other_values;
      auto& next = changes ? from_change : from_others;
      duckdb::VectorOperations::Copy(source, values, next + 1, next, at++);
      ++next;
    });
    ASSIGN_OR_RETURN(uint64_t bytes, ChangeCells(client_, *table_, entries_[number], change.field,
                                                 wanted, values, editor));
    counts().new_bytes += bytes;
    return {};
  });
}

Status TableEditor::AddAnew(const model::SegmentEntry& entry, const EntryEditor& editor,
                            const model::PositionSet& rows) {
  ASSIGN_OR_RETURN(auto open, OpenEntryOf(context_.read, entry));
  OldRows values(client_, *table_);
  RETURN_IF_ERROR(values.Add(open));
  return new_table_.Add(&values, StretchesOf(editor.runs(), rows));
}

}  // namespace rhizo::table
