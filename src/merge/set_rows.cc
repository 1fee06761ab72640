#include "merge/set_rows.h"

#include "engine/errors.h"
#include "merge/cell_rule.h"

namespace rhizo::merge {
namespace {

std::optional<model::Type> SetTypeOf(const model::Field* field) {
  bool is_set =
      field != nullptr && (field->merge_rule == "union" || field->merge_rule == "intersect");
  return is_set ? std::optional(field->type) : std::nullopt;
}

}  // namespace

SetRows::SetRows(table::RowSource* rows, const std::vector<const model::Field*>& fields)
    : rows_(rows) {
  for (const auto* field : fields) sets_.push_back(SetTypeOf(field));
}

SetRows::SetRows(table::RowSource* rows, const model::Schema& schema) : rows_(rows) {
  for (const auto& field : schema.fields) sets_.push_back(SetTypeOf(&field));
}

Result<bool> SetRows::Next(duckdb::DataChunk* chunk) {
  ASSIGN_OR_RETURN(bool more, rows_->Next(chunk));
  if (!more) return false;
  for (size_t column = 0; column < std::min(sets_.size(), chunk->data.size()); ++column) {
    if (!sets_[column]) continue;
    RETURN_IF_ERROR(
        engine::Guarded([&] { Sort(&chunk->data[column], *sets_[column], chunk->size()); }));
  }
  return true;
}

// What is sorted already stays as it is: rows that come back unchanged are not copied.
void SetRows::Sort(duckdb::Vector* lists, const model::Type& type, duckdb::idx_t rows) {
  std::optional<duckdb::Vector> sorted;
  for (duckdb::idx_t row = 0; row < rows; ++row) {
    auto list = lists->GetValue(row);
    auto set = Canonical(type, list);
    bool same = Order(type, list, set) == 0;
    if (!same && !sorted) {
      sorted.emplace(lists->GetType(), rows);
      duckdb::VectorOperations::Copy(*lists, *sorted, rows, 0, 0);
    }
    if (!same) sorted->SetValue(row, set);
  }
  if (sorted) lists->Reference(*sorted);
}

}  // namespace rhizo::merge
