#include "table/direct_reader.h"

#include "engine/storage.h"
#include "engine/types.h"

namespace rhizo::table {

std::vector<size_t> DirectReader::Indexes(const OpenEntry& entry) const {
  std::vector<size_t> indexes;
  for (auto index : fields_) {
    const auto* field = entry.segment->Find(table_.schema().fields[index].id);
    bool as_stored = field != nullptr && engine::IsNative(field->type) &&
                     field->type == table_.schema().fields[index].type;
    if (!as_stored) return {};
    indexes.push_back(field - entry.segment->fields.data());
  }
  return indexes;
}

// True if a column that is filtered was never wanted before.
bool DirectReader::IsFirstTouch(const OpenEntry& entry) const {
  auto& cache = *table_.context().cache;
  bool first = false;
  for (size_t i = 0; i < fields_.size(); ++i) {
    FieldId id = table_.schema().fields[fields_[i]].id;
    bool touched = cache.Touch(entry.segment->id, id);
    if (touched || !filters_.filters.contains(i)) continue;
    first = first || cache.Peek(entry.segment->id, id) == nullptr;
  }
  return first;
}

Result<bool> DirectReader::Start(const OpenEntry& entry) {
  if (!entry.is_clean || !entry.segment->info) return false;
  auto indexes = Indexes(entry);
  if (indexes.empty() || !IsFirstTouch(entry)) return false;
  file_ = std::make_unique<SegmentFile>(client_, table_.context(), *entry.segment->info);
  auto filters = duckdb::make_uniq<duckdb::TableFilterSet>();
  for (const auto& [position, filter] : filters_.filters) {
    filters->filters[position] = filter->Copy();
  }
  RETURN_IF_ERROR(file_->StartFiltered(indexes, std::move(filters)));
  return true;
}

}  // namespace rhizo::table
