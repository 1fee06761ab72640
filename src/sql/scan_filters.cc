#include "sql/scan_filters.h"

namespace rhizo::sql {
namespace {

using duckdb::FilterPropagateResult;

FilterPropagateResult Check(const duckdb::TableFilter& filter,
                            const duckdb::BaseStatistics* statistics) {
  if (statistics == nullptr) return FilterPropagateResult::NO_PRUNING_POSSIBLE;
  // CheckStatistics takes them by reference to non-const and changes nothing.
  return filter.CheckStatistics(const_cast<duckdb::BaseStatistics&>(*statistics));
}

bool NonePasses(FilterPropagateResult result) {
  return result == FilterPropagateResult::FILTER_ALWAYS_FALSE ||
         result == FilterPropagateResult::FILTER_FALSE_OR_NULL;
}

}  // namespace

ScanFilters::ScanFilters(duckdb::ClientContext& client, const duckdb::TableFilterSet* filters) {
  if (filters == nullptr || filters->filters.empty()) return;
  for (const auto& [column, filter] : filters->filters) {
    filters_.push_back(
        {column, filter.get(), duckdb::TableFilterState::Initialize(client, *filter)});
  }
  order_ = std::make_unique<duckdb::AdaptiveFilter>(*filters);
}

bool ScanFilters::EntryMayMatch(const StatisticsOf& statistics) {
  for (auto& filter : filters_) {
    auto result = Check(*filter.filter, statistics(filter.column));
    if (NonePasses(result)) return false;
    filter.passes_entry = result == FilterPropagateResult::FILTER_ALWAYS_TRUE;
  }
  return true;
}

bool ScanFilters::VectorMayMatch(const StatisticsOf& statistics) {
  for (auto& filter : filters_) {
    filter.passes_vector = filter.passes_entry;
    if (filter.passes_entry) continue;
    auto result = Check(*filter.filter, statistics(filter.column));
    if (NonePasses(result)) return false;
    filter.passes_vector = result == FilterPropagateResult::FILTER_ALWAYS_TRUE;
  }
  return true;
}

void ScanFilters::Select(const VectorOf& vectors, duckdb::idx_t rows,
                         duckdb::SelectionVector* selection, duckdb::idx_t* count) {
  if (filters_.empty()) return;
  auto timing = order_->BeginFilter();
  for (auto index : order_->permutation) {
    auto& filter = filters_[index];
    if (filter.passes_vector || *count == 0) continue;
    auto& vector = vectors(filter.column);
    duckdb::UnifiedVectorFormat format;
    vector.ToUnifiedFormat(rows, format);
    duckdb::ColumnSegment::FilterSelection(*selection, vector, format, *filter.filter,
                                           *filter.state, rows, *count);
  }
  order_->EndFilter(timing);
}

}  // namespace rhizo::sql
