// Conflicts of one table as rows: reason, column, row id, then every column as base, ours and
// theirs have it.
#pragma once

#include "merge/conflict.h"
#include "model/schema.h"
#include "sql/query_source.h"

namespace rhizo::db {

class MergeConflicts {
 public:
  bool any() const { return !rows_.rows.empty(); }
  void TakeSchema(const model::Schema& schema);
  // Those of a region, while its rows can be read.
  Status Add(const model::Schema& schema, merge::RegionConflicts& region);
  sql::MetadataTable Take() && { return std::move(rows_); }

 private:
  sql::MetadataTable rows_;
};

}  // namespace rhizo::db
