#include "table/row_feed.h"

#include <algorithm>

#include "engine/errors.h"
#include "engine/types.h"

namespace rhizo::table {
namespace {

Error Mismatch(const std::string& what) { return Error(ErrorCode::kSchema, what); }

bool HasNull(duckdb::Vector& vector, duckdb::idx_t count) {
  duckdb::UnifiedVectorFormat format;
  vector.ToUnifiedFormat(count, format);
  if (format.validity.AllValid()) return false;
  for (duckdb::idx_t i = 0; i < count; ++i) {
    if (!format.validity.RowIsValid(format.sel->get_index(i))) return true;
  }
  return false;
}

}  // namespace

RowFeed::RowFeed(const model::Schema& schema, RowSource* rows,
                 const std::function<Status(uint64_t)>& progress, const CheckRows* check)
    : schema_(&schema),
      rows_(rows),
      progress_(&progress),
      check_(check != nullptr && *check ? check : nullptr),
      types_(engine::ToLogicalTypes(schema)),
      chunk_(std::make_unique<duckdb::DataChunk>()) {
  chunk_->Initialize(duckdb::Allocator::DefaultAllocator(), types_);
  chunk_->SetCardinality(0);
}

Result<RowFeed> RowFeed::Open(const model::Schema& schema, RowSource* rows,
                              const std::function<Status(uint64_t)>& progress,
                              const CheckRows* check) {
  const auto& given = rows->schema().fields;
  if (given.size() != schema.fields.size()) {
    return Mismatch("the rows have " + std::to_string(given.size()) + " columns, the table " +
                    std::to_string(schema.fields.size()));
  }
  RowFeed feed(schema, rows, progress, check);
  for (size_t i = 0; i < given.size(); ++i) {
    if (engine::ToLogicalType(given[i].type) == feed.types_[i]) continue;
    return Mismatch("column \"" + schema.fields[i].name + "\" is " +
                    schema.fields[i].type.ToString() + ", the rows have " +
                    given[i].type.ToString());
  }
  return feed;
}

Status RowFeed::CheckNulls() {
  for (size_t i = 0; i < schema_->fields.size(); ++i) {
    const auto& field = schema_->fields[i];
    if (field.nullable || !HasNull(chunk_->data[i], chunk_->size())) continue;
    return Error(ErrorCode::kConstraint, "column \"" + field.name + "\" must not be NULL")
        .With("column", field.name);
  }
  return {};
}

Result<bool> RowFeed::Fill() {
  if (ended_) return false;
  if (offset_ < chunk_->size()) return true;
  if (*progress_) RETURN_IF_ERROR((*progress_)(rows_done_));
  chunk_->Reset();
  ASSIGN_OR_RETURN(bool more, rows_->Next(chunk_.get()));
  offset_ = 0;
  ended_ = !more;
  if (!more) return false;
  RETURN_IF_ERROR(CheckNulls());
  if (check_ != nullptr) {
    RETURN_IF_ERROR((*check_)(*chunk_, [&](duckdb::idx_t row) { return rows_seen_ + row; }));
  }
  rows_seen_ += chunk_->size();
  return true;
}

Result<uint64_t> RowFeed::Next(uint64_t limit, const Visit& visit) {
  ASSIGN_OR_RETURN(bool more, Fill());
  if (!more || limit == 0) return uint64_t{0};
  uint64_t count = std::min<uint64_t>(limit, chunk_->size() - offset_);
  RETURN_IF_ERROR(visit(*chunk_, offset_, count));
  offset_ += count;
  rows_done_ += count;
  return count;
}

Result<std::unique_ptr<duckdb::ColumnDataCollection>> RowFeed::Take(uint64_t limit) {
  std::unique_ptr<duckdb::ColumnDataCollection> taken;
  auto collect = [&](duckdb::DataChunk& rows, duckdb::idx_t offset, duckdb::idx_t count) {
    return engine::Guarded([&] {
      if (!taken) {
        taken = std::make_unique<duckdb::ColumnDataCollection>(
            duckdb::Allocator::DefaultAllocator(), types_);
      }
      duckdb::DataChunk slice;
      slice.InitializeEmpty(types_);
      for (size_t i = 0; i < types_.size(); ++i) {
        slice.data[i].Slice(rows.data[i], offset, offset + count);
      }
      slice.SetCardinality(count);
      taken->Append(slice);
    });
  };
  while (limit > 0) {
    ASSIGN_OR_RETURN(uint64_t count, Next(limit, collect));
    if (count == 0) break;
    limit -= count;
  }
  return taken;
}

}  // namespace rhizo::table
