// Conflicts of one table as rows: reason, column, row id, what contradicts in the table as a whole,
// then every column as base, ours and theirs have it. Held by the engine, which moves what does not
// fit its memory limit to disk.
#pragma once

#include <memory>
#include <optional>
#include <span>

#include "merge/conflict.h"
#include "model/schema.h"
#include "sql/query_source.h"
#include "txn/database_merge.h"

namespace rhizo::db {

// The reason of what contradicts in a table as a whole; others are merge::ReasonName.
inline constexpr char kTableReason[] = "schema";

class MergeConflicts {
 public:
  // Columns before those of the table.
  enum : size_t { kReason, kColumn, kRowId, kProblem, kFirstOfTable };
  // Of the table's columns: three of each, base, ours, theirs.
  static size_t ColumnOf(size_t field, size_t side) {
    return kFirstOfTable + field * merge::kSides + side;
  }

  // `client` outlives it.
  explicit MergeConflicts(duckdb::ClientContext& client) : client_(&client) {}

  // Of the merged table, or if nobody knows it that of a side; the first one given is taken.
  void TakeSchema(const model::Schema& schema);
  // Those of a region, while its rows can be read.
  Status Add(merge::RegionConflicts& region);
  // Of these tables, or of one called so: what contradicts in it as a whole.
  Status AddProblems(const std::vector<TableId>& tables, const std::string& name,
                     const std::vector<txn::TableConflict>& conflicts);
  sql::MetadataTable Take() && { return std::move(listed_); }
  // Once there is a schema.
  const duckdb::ColumnDataCollection& rows() const { return *listed_.many; }
  // Of the merged table.
  const std::optional<model::Schema>& schema() const { return schema_; }

 private:
  Status AddPart(merge::RegionConflicts& region, std::span<const merge::RowConflict> conflicts);
  Status FillSide(merge::RegionConflicts& region, std::span<const merge::RowConflict> conflicts,
                  size_t side, duckdb::DataChunk* chunk) const;

  duckdb::ClientContext* client_;
  std::optional<model::Schema> schema_;
  sql::MetadataTable listed_;
};

}  // namespace rhizo::db
