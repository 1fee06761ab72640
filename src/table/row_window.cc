#include "table/row_window.h"

#include <algorithm>

#include "engine/errors.h"

namespace rhizo::table {

using duckdb::idx_t;

std::unique_ptr<duckdb::DataChunk> RowWindow::EmptyChunk() {
  if (spare_.empty()) {
    auto chunk = std::make_unique<duckdb::DataChunk>();
    chunk->Initialize(duckdb::Allocator::DefaultAllocator(), types_);
    return chunk;
  }
  auto chunk = std::move(spare_.back());
  spare_.pop_back();
  chunk->Reset();
  return chunk;
}

Status RowWindow::Fill(uint64_t rows) {
  auto keep = [&](duckdb::DataChunk& chunk, idx_t offset, idx_t count) {
    return engine::Guarded([&] {
      CHECK(offset + count == chunk.size());
      auto own = EmptyChunk();
      chunk.Copy(*own, offset);
      chunks_.push_back({dropped_ + rows_, std::move(own)});
      rows_ += count;
    });
  };
  while (!ended_ && rows_ < rows) {
    ASSIGN_OR_RETURN(uint64_t count, feed_->Next(UINT64_MAX, keep));
    ended_ = count == 0;
  }
  return {};
}

void RowWindow::Drop(uint64_t rows) {
  CHECK(rows <= rows_);
  dropped_ += rows;
  rows_ -= rows;
  while (!chunks_.empty() && chunks_.front().begin + chunks_.front().rows->size() <= dropped_) {
    spare_.push_back(std::move(chunks_.front().rows));
    chunks_.pop_front();
  }
}

Status RowWindow::ForEachRow(uint64_t begin, uint64_t count, const VisitRows& visit) {
  CHECK(begin + count <= rows_);
  if (count == 0) return {};
  begin += dropped_;
  auto chunk = std::upper_bound(chunks_.begin(), chunks_.end(), begin,
                                [](uint64_t row, const Chunk& other) { return row < other.begin; });
  for (--chunk; count > 0; ++chunk) {
    idx_t offset = begin - chunk->begin;
    idx_t rows = std::min<uint64_t>(count, chunk->rows->size() - offset);
    RETURN_IF_ERROR(visit(*chunk->rows, offset, rows));
    begin += rows;
    count -= rows;
  }
  return {};
}

Status RowWindow::ForEach(size_t field, uint64_t begin, uint64_t count, const Visit& visit) {
  return ForEachRow(begin, count, [&](duckdb::DataChunk& rows, idx_t offset, idx_t part) {
    return visit(rows.data[field], offset, part);
  });
}

}  // namespace rhizo::table
