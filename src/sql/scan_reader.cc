#include "sql/scan_reader.h"

#include <algorithm>

#include "duckdb/common/types/sel_cache.hpp"
#include "engine/errors.h"

namespace rhizo::sql {
namespace {

constexpr duckdb::idx_t kVectorSize = STANDARD_VECTOR_SIZE;
// Selections below this are copied: a quarter of a vector.
constexpr duckdb::idx_t kThinRows = kVectorSize / 4;

int64_t RowId(size_t entry, uint64_t slot) {
  return static_cast<int64_t>((static_cast<uint64_t>(entry) << 32) | slot);
}

duckdb::unique_ptr<duckdb::BaseStatistics> RowIdStatistics(size_t entry, uint64_t first_slot,
                                                           uint64_t end_slot) {
  auto statistics = duckdb::BaseStatistics::CreateEmpty(duckdb::LogicalType::ROW_TYPE);
  statistics.UpdateNumericStats<int64_t>(RowId(entry, first_slot));
  statistics.UpdateNumericStats<int64_t>(RowId(entry, end_slot - 1));
  statistics.SetHasNoNullFast();
  return statistics.ToUnique();
}

// The filters by position in plan.fields, or null if rows cannot be read past the cache: without a
// filter all of a column is wanted, row ids need places, and nested columns are rarely skipped.
std::unique_ptr<duckdb::TableFilterSet> DirectFilters(const ScanPlan& plan,
                                                      const duckdb::TableFilterSet* filters) {
  if (filters == nullptr || filters->filters.empty()) return nullptr;
  auto out = std::make_unique<duckdb::TableFilterSet>();
  for (const auto& column : plan.columns) {
    if (column.kind != ScanColumn::Kind::kField) return nullptr;
  }
  for (const auto& [index, filter] : filters->filters) {
    const auto& column = plan.columns[index];
    if (column.type.IsNested() || !CanPrune(*filter)) return nullptr;
    if (!out->filters.try_emplace(column.field_position, filter->Copy()).second) return nullptr;
  }
  return out;
}

}  // namespace

ScanReader::ScanReader(duckdb::ClientContext& client, const ScanPlan& plan,
                       const duckdb::TableFilterSet* filters)
    : plan_(plan),
      filters_(client, filters),
      entry_reader_(&client, *plan.table, plan.fields),
      direct_filters_(DirectFilters(plan, filters)),
      loaded_(plan.columns.size()) {
  if (!direct_filters_) return;
  direct_reader_ =
      std::make_unique<table::DirectReader>(client, *plan.table, plan.fields, *direct_filters_);
}

template <class T>
T ScanReader::Got(Result<T> result) const {
  if (!result) {
    engine::ThrowError(std::move(result)
                           .error()
                           .In("reading table \"" + plan_.name + "\"")
                           .With("table", plan_.name));
  }
  if constexpr (!std::is_void_v<T>) return std::move(result).value();
}

void ScanReader::Start(const Morsel& morsel) {
  next_entry_ = morsel.first_entry;
  end_entry_ = morsel.end_entry;
  next_vector_ = vector_count_ = 0;
  is_direct_ = false;
  selected_ = Selected();
}

bool ScanReader::Next(duckdb::DataChunk* out) {
  duckdb::idx_t rows = 0;
  while (selected_.waits || FindVector()) {
    if (!IsThin() || rows + selected_.count > kVectorSize) {
      if (rows == 0) Emit(out);
      break;
    }
    Append(out, rows);
    rows += selected_.count;
  }
  if (rows > 0) out->SetCardinality(rows);
  return out->size() > 0;
}

// Moves to the next vector with rows that pass.
bool ScanReader::FindVector() {
  while (is_direct_ || next_vector_ < vector_count_ || FindEntry()) {
    if (is_direct_) {
      if (FindDirectRows()) return true;
      continue;
    }
    vector_ = next_vector_++;
    for (auto& column : loaded_) column.reset();
    if (!VectorMayMatch()) continue;
    SelectRows();
    if (selected_.count > 0) return true;
  }
  return false;
}

bool ScanReader::FindDirectRows() {
  auto* rows = Got(direct_reader_->Next());
  is_direct_ = rows != nullptr;
  if (!is_direct_) return false;
  for (size_t i = 0; i < loaded_.size(); ++i) {
    loaded_[i] = std::make_unique<duckdb::Vector>(plan_.columns[i].type, nullptr);
    loaded_[i]->Reference(rows->data[plan_.columns[i].field_position]);
  }
  selected_ = Selected();
  selected_.rows = selected_.count = rows->size();
  selected_.waits = true;
  return true;
}

bool ScanReader::StartDirect(const table::OpenEntry& entry) {
  is_direct_ = direct_reader_ && Got(direct_reader_->Start(entry));
  return is_direct_;
}

bool ScanReader::FindEntry() {
  while (next_entry_ < end_entry_) {
    entry_ = next_entry_++;
    const auto& entry = plan_.entries[entry_];
    if (!EntryMayMatch(entry)) continue;
    next_vector_ = vector_count_ = 0;
    if (StartDirect(entry)) return true;
    Got(entry_reader_.Start(entry));
    vector_count_ = entry_reader_.vector_count();
    if (vector_count_ > 0) return true;
  }
  return false;
}

bool ScanReader::EntryMayMatch(const table::OpenEntry& entry) {
  if (filters_.empty()) return true;
  return filters_.EntryMayMatch([&](size_t column) -> const duckdb::BaseStatistics* {
    const auto& wanted = plan_.columns[column];
    if (wanted.kind == ScanColumn::Kind::kEmpty) return nullptr;
    statistics_ = wanted.kind == ScanColumn::Kind::kRowId
                      ? RowIdStatistics(entry_, 0, entry.entry.segment_rows)
                      : table::EntryStatistics(*plan_.table, entry, wanted.field);
    return statistics_.get();
  });
}

bool ScanReader::VectorMayMatch() {
  if (filters_.empty()) return true;
  return filters_.VectorMayMatch([&](size_t column) -> const duckdb::BaseStatistics* {
    const auto& wanted = plan_.columns[column];
    if (wanted.kind == ScanColumn::Kind::kEmpty) return nullptr;
    if (wanted.kind == ScanColumn::Kind::kField) {
      return Got(entry_reader_.Zone(vector_, wanted.field_position));
    }
    statistics_ = RowIdStatistics(entry_, vector_ * kVectorSize, (vector_ + 1) * kVectorSize);
    return statistics_.get();
  });
}

void ScanReader::SelectRows() {
  uint64_t first_slot = vector_ * kVectorSize;
  uint64_t segment_rows = plan_.entries[entry_].entry.segment_rows;
  selected_ = Selected();
  selected_.rows = std::min<uint64_t>(kVectorSize, segment_rows - first_slot);
  bool all = true;
  duckdb::SelectionVector visible;
  selected_.count = Got(entry_reader_.Visible(vector_, &visible, &all));
  if (!all) selected_.selection.Initialize(visible);
  if (selected_.count == 0) return;
  filters_.Select([&](size_t column) -> duckdb::Vector& { return Column(column); }, selected_.rows,
                  &selected_.selection, &selected_.count);
  selected_.waits = selected_.count > 0;
}

bool ScanReader::IsThin() const { return selected_.count < kThinRows; }

duckdb::Vector& ScanReader::Column(size_t column) {
  auto& loaded = loaded_[column];
  if (loaded) return *loaded;
  const auto& wanted = plan_.columns[column];
  loaded = std::make_unique<duckdb::Vector>(wanted.type, nullptr);
  if (wanted.kind == ScanColumn::Kind::kField) {
    Got(entry_reader_.Read(vector_, wanted.field_position, loaded.get()));
  } else if (wanted.kind == ScanColumn::Kind::kRowId) {
    LoadRowIds(loaded.get());
  } else {
    loaded->Reference(duckdb::Value(wanted.type));
  }
  return *loaded;
}

void ScanReader::LoadRowIds(duckdb::Vector* out) const {
  out->Sequence(RowId(entry_, vector_ * kVectorSize), 1, selected_.rows);
  out->Flatten(selected_.rows);
}

void ScanReader::Append(duckdb::DataChunk* out, duckdb::idx_t offset) {
  const auto& identity = *duckdb::FlatVector::IncrementalSelectionVector();
  const auto& selection = selected_.selection.data() ? selected_.selection : identity;
  for (size_t i = 0; i < plan_.output.size(); ++i) {
    duckdb::VectorOperations::Copy(Column(plan_.output[i]), out->data[i], selection,
                                   selected_.count, 0, offset);
  }
  selected_.waits = false;
}

void ScanReader::Emit(duckdb::DataChunk* out) {
  duckdb::SelCache shared;
  for (size_t i = 0; i < plan_.output.size(); ++i) {
    out->data[i].Reference(Column(plan_.output[i]));
    if (selected_.count == selected_.rows) continue;
    out->data[i].Slice(selected_.selection, selected_.count, shared);
  }
  out->SetCardinality(selected_.count);
  selected_.waits = false;
}

}  // namespace rhizo::sql
