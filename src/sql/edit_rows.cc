#include "sql/edit_rows.h"

#include "engine/errors.h"
#include "engine/types.h"
#include "sql/row_errors.h"

namespace rhizo::sql {

uint64_t RowNumber(const table::OpenTable& table, int64_t address) {
  auto entries = table.Entries();
  if (!entries) return 0;
  const auto& entry = (*entries)[static_cast<size_t>(address >> 32)];
  auto overlay = entry.overlay->Get(table.context(), entry.entry);
  uint64_t rank = overlay ? (*overlay)->visible.Rank(static_cast<uint32_t>(address)) : 0;
  return entry.first_row + rank;
}

Result<std::unique_ptr<EditRows>> EditRows::Open(std::unique_ptr<ResultStream> found,
                                                 std::shared_ptr<const table::OpenTable> table,
                                                 const std::vector<size_t>& fields,
                                                 bool has_condition) {
  const auto& types = found->types();
  if (has_condition && types.back().id() != duckdb::LogicalTypeId::BOOLEAN) {
    return Error(ErrorCode::kSql,
                 "`where` must be a condition: it is " + types.back().ToString() + ", not BOOLEAN");
  }
  std::unique_ptr<EditRows> rows(new EditRows(std::move(found), std::move(table)));
  auto& address = rows->schema_.fields.emplace_back();
  address.name = "row";
  address.nullable = false;
  for (size_t i = 0; i < fields.size(); ++i) {
    const auto& field = rows->table_->schema().fields[fields[i]];
    rows->schema_.fields.push_back(field);
    Value value;
    ASSIGN_OR_RETURN(value.type, engine::FromResultType(types[i + 1]));
    if (MayCastExactly(value.type, field.type)) {
      value.cast.emplace(*rows->found_->client(), value.type, field.type);
    } else if (value.type.kind != model::TypeKind::kInt32) {  // what a lone NULL is
      return TypesDoNotMeet(field, value.type);
    }
    rows->values_.push_back(std::move(value));
  }
  RETURN_IF_ERROR(
      engine::Guarded([&] { rows->incoming_.Initialize(*rows->found_->client(), types); }));
  return rows;
}

uint64_t EditRows::NumberOf(duckdb::idx_t row) {
  return RowNumber(*table_, incoming_.data[0].GetValue(row).GetValue<int64_t>());
}

Error EditRows::DoesNotFit(size_t index, duckdb::idx_t row) {
  return ValueDoesNotFit(schema_.fields[index + 1], values_[index].type,
                         incoming_.data[index + 1].GetValue(row), NumberOf(row));
}

Result<bool> EditRows::Next(duckdb::DataChunk* chunk) {
  incoming_.Reset();
  ASSIGN_OR_RETURN(bool more, found_->Next(&incoming_));
  if (!more) return false;
  chunk->data[0].Reference(incoming_.data[0]);
  chunk->SetCardinality(incoming_.size());
  RETURN_IF_ERROR(engine::Guarded([&]() -> Status {
    for (size_t i = 0; i < values_.size(); ++i) RETURN_IF_ERROR(Fill(i, chunk));
    return {};
  }));
  return true;
}

Status EditRows::Fill(size_t index, duckdb::DataChunk* chunk) {
  auto& value = values_[index];
  auto& in = incoming_.data[index + 1];
  auto& out = chunk->data[index + 1];
  const duckdb::idx_t count = incoming_.size();
  if (value.cast) {
    if (auto row = value.cast->Run(in, out, count)) return DoesNotFit(index, *row);
  } else {
    if (auto row = FirstNotNull(in, count)) return DoesNotFit(index, *row);
    out.Reference(duckdb::Value(out.GetType()));
  }
  if (schema_.fields[index + 1].nullable) return {};
  auto row = FirstNull(out, count);
  return row ? NullInRow(schema_.fields[index + 1], NumberOf(*row)) : Status();
}

}  // namespace rhizo::sql
