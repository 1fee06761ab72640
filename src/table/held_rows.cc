#include "table/held_rows.h"

#include <algorithm>

namespace rhizo::table {

using duckdb::idx_t;

void HeldRows::Append(duckdb::DataChunk& rows, idx_t offset, idx_t count) {
  while (count > 0) {
    idx_t at = rows_ % STANDARD_VECTOR_SIZE;
    if (at == 0) {
      chunks_.push_back(std::make_unique<duckdb::DataChunk>());
      chunks_.back()->Initialize(duckdb::Allocator::DefaultAllocator(), types_);
    }
    idx_t part = std::min<idx_t>(count, STANDARD_VECTOR_SIZE - at);
    for (size_t i = 0; i < types_.size(); ++i) {
      duckdb::VectorOperations::Copy(rows.data[i], chunks_.back()->data[i], offset + part, offset,
                                     at);
    }
    rows_ += part;
    offset += part;
    count -= part;
  }
}

duckdb::Value HeldRows::ValueOf(size_t field, uint64_t row) const {
  return chunks_[row / STANDARD_VECTOR_SIZE]->data[field].GetValue(row % STANDARD_VECTOR_SIZE);
}

Status HeldRows::ForEach(size_t field, uint64_t begin, uint64_t count, const Visit& visit) {
  CHECK(begin + count <= rows_);
  while (count > 0) {
    idx_t offset = begin % STANDARD_VECTOR_SIZE;
    idx_t part = std::min<uint64_t>(count, STANDARD_VECTOR_SIZE - offset);
    RETURN_IF_ERROR(visit(chunks_[begin / STANDARD_VECTOR_SIZE]->data[field], offset, part));
    begin += part;
    count -= part;
  }
  return {};
}

Result<bool> HeldRowSource::Next(duckdb::DataChunk* chunk) {
  if (left_.empty()) return false;
  auto rows = left_.first(std::min<size_t>(left_.size(), STANDARD_VECTOR_SIZE));
  for (size_t field = 0; field < schema_.fields.size(); ++field) {
    RETURN_IF_ERROR(rows_.Gather(field, rows, &chunk->data[field]));
  }
  chunk->SetCardinality(rows.size());
  left_ = left_.subspan(rows.size());
  return true;
}

}  // namespace rhizo::table
