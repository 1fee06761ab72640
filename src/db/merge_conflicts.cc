#include "db/merge_conflicts.h"

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
  if (!rows_.names.empty()) return;
  schema_ = schema;
  rows_.names = {"_reason", "_column", "_row_id"};
  rows_.types = {LogicalType::VARCHAR, LogicalType::VARCHAR, LogicalType::BLOB};
  auto types = engine::ToLogicalTypes(schema);
  for (size_t field = 0; field < types.size(); ++field) {
    for (const auto* prefix : kPrefixes) {
      rows_.names.push_back(prefix + schema.fields[field].name);
      rows_.types.push_back(types[field]);
    }
  }
}

Status MergeConflicts::Add(const model::Schema& schema, merge::RegionConflicts& region) {
  TakeSchema(schema);
  size_t first = rows_.rows.size();
  for (const auto& conflict : region.conflicts) {
    at_.push_back({conflict.row, conflict.field, rows_.rows.size()});
    auto& row = rows_.rows.emplace_back();
    row.emplace_back(std::string(merge::ReasonName(conflict.reason)));
    row.push_back(conflict.field ? Value(schema.fields[*conflict.field].name)
                                 : Value(LogicalType::VARCHAR));
    row.push_back(Value::BLOB_RAW(conflict.row.ToBytes()));
    for (size_t i = 3; i < rows_.types.size(); ++i) row.emplace_back(rows_.types[i]);
  }
  for (size_t side = 0; side < merge::kSides; ++side) {
    std::vector<uint64_t> numbers;
    std::vector<size_t> of;
    for (size_t i = 0; i < region.conflicts.size(); ++i) {
      if (!region.conflicts[i].rows[side]) continue;
      numbers.push_back(*region.conflicts[i].rows[side]);
      of.push_back(first + i);
    }
    if (numbers.empty()) continue;
    ASSIGN_OR_RETURN(auto* values, region.sides[side]->rows());
    for (size_t field = 0; field < schema.fields.size(); ++field) {
      size_t column = 3 + field * merge::kSides + side;
      RETURN_IF_ERROR(engine::Guarded([&]() -> Status {
        duckdb::Vector out(rows_.types[column], numbers.size());
        RETURN_IF_ERROR(values->Gather(field, numbers, &out));
        for (size_t i = 0; i < of.size(); ++i) {
          bool is_known = !region.sides[side]->IsUndefined(at_[of[i]].row, schema.fields[field].id);
          if (is_known) rows_.rows[of[i]][column] = out.GetValue(i);
        }
        return {};
      }));
    }
  }
  return {};
}

}  // namespace rhizo::db
