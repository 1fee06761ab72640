// The visible rows of neighbouring entries as the table shows them, columns decoded when they are
// first looked at. Not thread-safe.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "table/open_table.h"
#include "table/row_batch.h"

namespace rhizo::table {

class OldRows final : public RowBatch {
 public:
  // Both outlive the rows.
  OldRows(duckdb::ClientContext* client, const OpenTable& table) : client_(client), table_(table) {}

  // The entry's first rows, at most `limit` of them, stand behind those that are here.
  Status Add(const OpenEntry& entry, uint64_t limit = UINT64_MAX);
  uint64_t rows() const { return rows_; }
  Result<model::RowId> IdOf(uint64_t row);
  Status ForEach(size_t field, uint64_t begin, uint64_t count, const Visit& visit) override;

 private:
  // Up to STANDARD_VECTOR_SIZE visible rows of one vector of a segment.
  struct Part {
    uint64_t begin = 0;
    duckdb::idx_t count = 0;
    size_t reader = 0;
    size_t vector = 0;
    bool all = true;  // else `visible`
    duckdb::SelectionVector visible;
    std::vector<std::unique_ptr<duckdb::Vector>> columns;  // null: not decoded yet
  };
  std::deque<Part>::iterator PartOf(uint64_t row);
  Result<duckdb::Vector*> Column(Part* part, size_t field);

  duckdb::ClientContext* client_;
  const OpenTable& table_;
  std::vector<std::unique_ptr<OpenEntry>> entries_;
  std::vector<std::unique_ptr<EntryReader>> readers_;
  std::deque<Part> parts_;
  uint64_t rows_ = 0;
};

}  // namespace rhizo::table
