// Conflicts of one table as rows: reason, column, row id, then every column as base, ours and
// theirs have it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "merge/conflict.h"
#include "model/schema.h"
#include "sql/query_source.h"

namespace rhizo::db {

// Where a conflict is: a row, and a column (nothing: the row as a whole).
struct ConflictAt {
  model::RowId row;
  std::optional<size_t> field;
  size_t number = 0;  // its row in the table of conflicts
};

class MergeConflicts {
 public:
  bool any() const { return !rows_.rows.empty(); }
  void TakeSchema(const model::Schema& schema);
  // Those of a region, while its rows can be read.
  Status Add(const model::Schema& schema, merge::RegionConflicts& region);
  sql::MetadataTable Take() && { return std::move(rows_); }
  const std::vector<ConflictAt>& at() const { return at_; }
  const std::vector<std::vector<duckdb::Value>>& rows() const { return rows_.rows; }
  // Of the merged table.
  const std::optional<model::Schema>& schema() const { return schema_; }

 private:
  std::optional<model::Schema> schema_;
  sql::MetadataTable rows_;
  std::vector<ConflictAt> at_;
};

}  // namespace rhizo::db
