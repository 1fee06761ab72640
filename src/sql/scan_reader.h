// Reads the morsels of a scan on one thread, through the column cache or, at the first touch under
// a filter, past it: prunes entries and vectors, filters, and hands rows
// out. Vectors that pass whole are referenced; selections of a quarter and more are sliced; thinner
// ones are copied together, so what comes after the scan does not run on crumbs. Not thread-safe.
#pragma once

#include <memory>
#include <vector>

#include "engine/duckdb_headers.h"
#include "sql/scan_filters.h"
#include "sql/scan_plan.h"
#include "table/direct_reader.h"
#include "table/open_table.h"

namespace rhizo::sql {

class ScanReader {
 public:
  // `plan` and `filters` outlive this object.
  ScanReader(duckdb::ClientContext& client, const ScanPlan& plan,
             const duckdb::TableFilterSet* filters);

  void Start(const Morsel& morsel);
  // The next rows of the morsel (`out` is reset by the caller), or false at its end. A chunk never
  // holds rows of two morsels. Throws.
  bool Next(duckdb::DataChunk* out);

 private:
  // The rows of the current vector that pass.
  struct Selected {
    duckdb::idx_t rows = 0;  // slots of the vector
    duckdb::idx_t count = 0;
    duckdb::SelectionVector selection;  // unset: the first `count`
    bool waits = false;                 // not handed out yet
  };

  bool FindVector();
  bool FindDirectRows();
  bool FindEntry();
  bool StartDirect(const table::OpenEntry& entry);
  bool EntryMayMatch(const table::OpenEntry& entry);
  bool VectorMayMatch();
  void SelectRows();
  bool IsThin() const;

  duckdb::Vector& Column(size_t column);
  // What was given, or the error thrown with the table's name.
  template <class T>
  T Got(Result<T> result) const;
  void LoadRowIds(duckdb::Vector* out) const;
  void Append(duckdb::DataChunk* out, duckdb::idx_t offset);
  void Emit(duckdb::DataChunk* out);

  const ScanPlan& plan_;
  ScanFilters filters_;
  table::EntryReader entry_reader_;
  std::unique_ptr<duckdb::TableFilterSet> direct_filters_;
  std::unique_ptr<table::DirectReader> direct_reader_;  // null: this scan cannot read so
  bool is_direct_ = false;                              // the entry is read by it

  size_t next_entry_ = 0;
  size_t end_entry_ = 0;
  size_t entry_ = 0;
  size_t next_vector_ = 0;
  size_t vector_count_ = 0;
  size_t vector_ = 0;
  Selected selected_;
  std::vector<std::unique_ptr<duckdb::Vector>> loaded_;    // of vector_, by column; null: not yet
  duckdb::unique_ptr<duckdb::BaseStatistics> statistics_;  // keeps what a filter looks at
};

}  // namespace rhizo::sql
