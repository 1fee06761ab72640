// The filters pushed into one thread's scan: which entries and vectors cannot hold a match, and
// which rows of a vector do. Values of dynamic filters (joins, top-n) may change while the scan
// runs, so they are asked at every entry and vector. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "engine/duckdb_headers.h"

namespace rhizo::sql {

// Whether the engine's answer of what passes, from statistics alone, can be believed.
bool CanPrune(const duckdb::TableFilter& filter);

class ScanFilters {
 public:
  // Statistics of a column of the scan over the rows in question; null if nothing is known.
  using StatisticsOf = std::function<const duckdb::BaseStatistics*(size_t column)>;
  using VectorOf = std::function<duckdb::Vector&(size_t column)>;

  // `filters` outlives this object; may be null.
  ScanFilters(duckdb::ClientContext& client, const duckdb::TableFilterSet* filters);

  bool empty() const { return filters_.empty(); }
  // False if no row of the entry (or vector of it) can pass.
  bool EntryMayMatch(const StatisticsOf& statistics);
  bool VectorMayMatch(const StatisticsOf& statistics);
  // Narrows the `count` rows of `selection` (unset: the first `count`) of a vector with `rows` rows
  // to those that pass the filters that the last VectorMayMatch could not decide.
  void Select(const VectorOf& vectors, duckdb::idx_t rows, duckdb::SelectionVector* selection,
              duckdb::idx_t* count);

 private:
  struct Filter {
    size_t column = 0;
    const duckdb::TableFilter* filter = nullptr;
    duckdb::unique_ptr<duckdb::TableFilterState> state;
    bool can_prune = true;
    bool passes_entry = false;
    bool passes_vector = false;
  };

  std::vector<Filter> filters_;
  std::unique_ptr<duckdb::AdaptiveFilter> order_;
};

}  // namespace rhizo::sql
