#include "table/entry_edits.h"
#include "table/write.h"

namespace rhizo::table {

Result<model::TableState> PlaceAtEnd(const WriteContext& context, const model::TableState& onto,
                                     const EncodedRows& rows) {
  if (rows.entries.empty()) return onto;
  ASSIGN_OR_RETURN(auto last, LastPlaceOf(*context.read.small, onto));
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
