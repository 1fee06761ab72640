#include "table/entry_edits.h"

#include <algorithm>

#include "tree/cursor.h"

namespace rhizo::table {

Result<model::Place> FirstPlace(object::ObjectReader& reader, const model::SegmentEntry& entry) {
  ASSIGN_OR_RETURN(auto runs, model::Load(reader, entry.runs));
  if (runs.empty()) return Corruption("an entry without runs");
  return std::move(runs.front().first);
}

Result<model::Place> LastPlace(object::ObjectReader& reader, const model::SegmentEntry& entry) {
  ASSIGN_OR_RETURN(auto runs, model::Load(reader, entry.runs));
  if (runs.empty()) return Corruption("an entry without runs");
  return runs.back().PlaceOf(runs.back().end_slot() - 1);
}

Result<std::optional<model::Place>> LastPlaceOf(object::ObjectReader& reader,
                                                const model::TableState& state) {
  tree::Cursor cursor(&reader, state.tree_root);
  RETURN_IF_ERROR(cursor.SeekToLast());
  if (!cursor.Valid()) return std::optional<model::Place>();
  ASSIGN_OR_RETURN(auto entry, model::DecodeSegmentEntry(cursor.value()));
  ASSIGN_OR_RETURN(auto place, LastPlace(reader, entry));
  return std::optional(std::move(place));
}

std::string KeyOf(const model::SegmentEntry& entry) {
  CHECK(!entry.runs.inline_runs.empty());
  return model::EncodePlace(entry.runs.inline_runs.front().first);
}

void EntryEdits::Put(std::string key, const model::SegmentEntry& entry) {
  edits_.push_back({std::move(key), model::Encode(entry), entry.visible_rows});
  rows_ += static_cast<int64_t>(entry.visible_rows);
  bytes_ += static_cast<int64_t>(entry.length_bytes);
}

void EntryEdits::Erase(std::string key, const model::SegmentEntry& entry) {
  edits_.push_back({std::move(key), std::nullopt, 0});
  rows_ -= static_cast<int64_t>(entry.visible_rows);
  bytes_ -= static_cast<int64_t>(entry.length_bytes);
}

Result<model::TableState> EntryEdits::ApplyTo(const WriteContext& context,
                                              model::TableState state) {
  if (edits_.empty()) return state;
  std::stable_sort(edits_.begin(), edits_.end(),
                   [](const auto& a, const auto& b) { return a.key < b.key; });
  // A key that is erased and put again is put.
  std::vector<tree::Edit> edits;
  for (auto& edit : edits_) {
    bool again = !edits.empty() && edits.back().key == edit.key;
    if (!again) {
      edits.push_back(std::move(edit));
    } else if (edit.value) {
      edits.back() = std::move(edit);
    }
  }
  ASSIGN_OR_RETURN(auto root, tree::Apply(context.staging, state.tree_root, std::move(edits)));
  state.tree_root = root.count == 0 ? ObjectId() : root.id;
  state.entries = root.count;
  state.rows = static_cast<uint64_t>(static_cast<int64_t>(state.rows) + rows_);
  state.bytes = static_cast<uint64_t>(static_cast<int64_t>(state.bytes) + bytes_);
  if (state.rows != root.weight) return Corruption("a table's tree counts other rows than it has");
  return state;
}

}  // namespace rhizo::table
