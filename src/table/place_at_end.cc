#include "engine/types.h"
#include "table/entry_edits.h"
#include "table/write.h"
#include "tree/cursor.h"

namespace rhizo::table {
namespace {

// The place of a table's last row; nothing if it has none.
Result<std::optional<model::Place>> LastPlaceOf(const WriteContext& context,
                                                const model::TableState& state) {
  tree::Cursor cursor(context.read.small, state.tree_root);
  RETURN_IF_ERROR(cursor.SeekToLast());
  if (!cursor.Valid()) return std::optional<model::Place>();
  ASSIGN_OR_RETURN(auto entry, model::DecodeSegmentEntry(cursor.value()));
  ASSIGN_OR_RETURN(auto place, LastPlace(*context.read.small, entry));
  return std::optional(std::move(place));
}

}  // namespace

Result<model::TableState> PlaceAtEnd(const WriteContext& context, const model::TableState& onto,
                                     const EncodedRows& rows) {
  if (rows.entries.empty()) return onto;
  ASSIGN_OR_RETURN(auto last, LastPlaceOf(context, onto));
  auto gap = model::GapBetween(last ? &*last : nullptr, nullptr);
  CHECK(gap.path.empty());
  EntryEdits edits;
  for (auto entry : rows.entries) {
    CHECK(entry.runs.inline_runs.size() == 1);
    auto& first = entry.runs.inline_runs.front().first;
    CHECK(first.levels.size() == 1);
    first.levels.front().digit = gap.digit;
    edits.Put(entry);
  }
  return edits.ApplyTo(context, onto);
}

}  // namespace rhizo::table
