#include "db/merge_conflicts.h"

#include <algorithm>
#include <array>

#include "engine/errors.h"
#include "engine/types.h"

namespace rhizo::db {
namespace {

using duckdb::LogicalType;
using duckdb::Value;

constexpr std::array<const char*, merge::kSides> kPrefixes = {"base_", "our_", "their_"};

}  // namespace

void MergeConflicts::TakeSchema(const model::Schema& schema) {
  if (schema_) return;
  schema_ = schema;
  listed_.names = {"_reason", "_column", "_row_id", "_problem"};
  listed_.types = {LogicalType::VARCHAR, LogicalType::VARCHAR, LogicalType::BLOB,
                   LogicalType::VARCHAR};
  auto types = engine::ToLogicalTypes(schema);
  for (size_t field = 0; field < types.size(); ++field) {
    for (const auto* prefix : kPrefixes) {
      listed_.names.push_back(prefix + schema.fields[field].name);
      listed_.types.push_back(types[field]);
    }
  }
  duckdb::vector<LogicalType> all(listed_.types.begin(), listed_.types.end());
  listed_.many = std::make_shared<duckdb::ColumnDataCollection>(*client_, std::move(all));
}

Status MergeConflicts::Add(merge::RegionConflicts& region) {
  TakeSchema(region.schema);
  std::span<const merge::RowConflict> all(region.conflicts);
  for (size_t begin = 0; begin < all.size(); begin += STANDARD_VECTOR_SIZE) {
    auto part = all.subspan(begin, std::min<size_t>(STANDARD_VECTOR_SIZE, all.size() - begin));
    RETURN_IF_ERROR(engine::Guarded([&] { return AddPart(region, part); }));
  }
  return {};
}

Status MergeConflicts::AddProblems(const std::vector<TableId>& tables, const std::string& name,
                                   const std::vector<txn::TableConflict>& conflicts) {
  return engine::Guarded([&] {
    for (const auto& conflict : conflicts) {
      bool is_it = std::ranges::count(tables, conflict.table) > 0 || conflict.name == name;
      if (!is_it) continue;
      for (const auto& problem : conflict.problems) {
        duckdb::DataChunk chunk;
        chunk.Initialize(duckdb::Allocator::DefaultAllocator(), listed_.many->Types(), 1);
        for (size_t column = 0; column < chunk.ColumnCount(); ++column) {
          chunk.SetValue(column, 0, Value(listed_.types[column]));
        }
        chunk.SetValue(kReason, 0, Value(kTableReason));
        chunk.SetValue(kProblem, 0, Value(problem));
        chunk.SetCardinality(1);
        listed_.many->Append(chunk);
      }
    }
  });
}

Status MergeConflicts::AddPart(merge::RegionConflicts& region,
                               std::span<const merge::RowConflict> conflicts) {
  duckdb::DataChunk chunk;
  chunk.Initialize(duckdb::Allocator::DefaultAllocator(), listed_.many->Types());
  for (size_t i = 0; i < conflicts.size(); ++i) {
    const auto& conflict = conflicts[i];
    chunk.SetValue(kReason, i, Value(std::string(merge::ReasonName(conflict.reason))));
    chunk.SetValue(kColumn, i,
                   conflict.field ? Value(schema_->fields[*conflict.field].name)
                                  : Value(LogicalType::VARCHAR));
    chunk.SetValue(kRowId, i, Value::BLOB_RAW(conflict.row.ToBytes()));
    chunk.SetValue(kProblem, i, Value(LogicalType::VARCHAR));
  }
  for (size_t side = 0; side < merge::kSides; ++side) {
    RETURN_IF_ERROR(FillSide(region, conflicts, side, &chunk));
  }
  chunk.SetCardinality(conflicts.size());
  listed_.many->Append(chunk);
  return {};
}

// The columns as one side has them: NULL where it does not have the row, or nobody knows.
Status MergeConflicts::FillSide(merge::RegionConflicts& region,
                                std::span<const merge::RowConflict> conflicts, size_t side,
                                duckdb::DataChunk* chunk) const {
  std::vector<uint64_t> rows;
  duckdb::SelectionVector picked(conflicts.size());
  for (size_t i = 0; i < conflicts.size(); ++i) {
    if (conflicts[i].rows[side]) rows.push_back(*conflicts[i].rows[side]);
  }
  // The row behind the last one is NULL.
  for (size_t i = 0, next = 0; i < conflicts.size(); ++i) {
    picked.set_index(i, conflicts[i].rows[side] ? next++ : rows.size());
  }
  table::OldRows* values = nullptr;
  if (!rows.empty()) {
    ASSIGN_OR_RETURN(values, region.sides[side]->rows());
  }
  for (size_t field = 0; field < schema_->fields.size(); ++field) {
    auto& out = chunk->data[ColumnOf(field, side)];
    duckdb::Vector gathered(out.GetType(), rows.size() + 1);
    if (values != nullptr) RETURN_IF_ERROR(values->Gather(field, rows, &gathered));
    duckdb::FlatVector::SetNull(gathered, rows.size(), true);
    for (size_t i = 0; i < conflicts.size(); ++i) {
      if (!conflicts[i].rows[side]) continue;
      if (!region.sides[side]->IsUndefined(conflicts[i].row, schema_->fields[field].id)) continue;
      duckdb::FlatVector::SetNull(gathered, picked.get_index(i), true);
    }
    out.Slice(gathered, picked, conflicts.size());
  }
  return {};
}

}  // namespace rhizo::db
