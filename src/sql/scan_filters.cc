#include "sql/scan_filters.h"

#include <algorithm>

#include "duckdb/planner/filter/struct_filter.hpp"

namespace rhizo::sql {
namespace {

using duckdb::FilterPropagateResult;

// The engine takes IS [NOT] DISTINCT FROM a constant for an ordinary comparison when it looks at
// bounds, and loses the NULLs.
bool ComparesDistinct(const duckdb::TableFilter& filter) {
  auto any = [](const auto& children) {
    return std::any_of(children.begin(), children.end(),
                       [](const auto& child) { return ComparesDistinct(*child); });
  };
  switch (filter.filter_type) {
    case duckdb::TableFilterType::CONSTANT_COMPARISON: {
      auto comparison = filter.Cast<duckdb::ConstantFilter>().comparison_type;
      return comparison == duckdb::ExpressionType::COMPARE_DISTINCT_FROM ||
             comparison == duckdb::ExpressionType::COMPARE_NOT_DISTINCT_FROM;
    }
    case duckdb::TableFilterType::CONJUNCTION_OR:
      return any(filter.Cast<duckdb::ConjunctionOrFilter>().child_filters);
    case duckdb::TableFilterType::CONJUNCTION_AND:
      return any(filter.Cast<duckdb::ConjunctionAndFilter>().child_filters);
    case duckdb::TableFilterType::OPTIONAL_FILTER: {
      const auto& child = filter.Cast<duckdb::OptionalFilter>().child_filter;
      return child && ComparesDistinct(*child);
    }
    case duckdb::TableFilterType::STRUCT_EXTRACT:
      return ComparesDistinct(*filter.Cast<duckdb::StructFilter>().child_filter);
    default: return false;
  }
}

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

bool CanPrune(const duckdb::TableFilter& filter) { return !ComparesDistinct(filter); }

ScanFilters::ScanFilters(duckdb::ClientContext& client, const duckdb::TableFilterSet* filters) {
  if (filters == nullptr || filters->filters.empty()) return;
  for (const auto& [column, filter] : filters->filters) {
    filters_.push_back({column, filter.get(), duckdb::TableFilterState::Initialize(client, *filter),
                        CanPrune(*filter)});
  }
  order_ = std::make_unique<duckdb::AdaptiveFilter>(*filters);
}

bool ScanFilters::EntryMayMatch(const StatisticsOf& statistics) {
  for (auto& filter : filters_) {
    filter.passes_entry = false;
    if (!filter.can_prune) continue;
    auto result = Check(*filter.filter, statistics(filter.column));
    if (NonePasses(result)) return false;
    filter.passes_entry = result == FilterPropagateResult::FILTER_ALWAYS_TRUE;
  }
  return true;
}

bool ScanFilters::VectorMayMatch(const StatisticsOf& statistics) {
  for (auto& filter : filters_) {
    filter.passes_vector = filter.passes_entry;
    if (filter.passes_entry || !filter.can_prune) continue;
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
