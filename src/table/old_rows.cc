#include "table/old_rows.h"

#include <algorithm>

#include "engine/errors.h"

namespace rhizo::table {

using duckdb::idx_t;
using duckdb::Vector;

Status OldRows::Add(const OpenEntry& entry, uint64_t limit) {
  entries_.push_back(std::make_unique<OpenEntry>(entry));
  readers_.push_back(
      std::make_unique<EntryReader>(client_, table_, AllFields(table_.types().size())));
  auto& reader = *readers_.back();
  RETURN_IF_ERROR(reader.Start(*entries_.back()));
  for (size_t vector = 0; vector < reader.vector_count() && limit > 0; ++vector) {
    Part part;
    part.begin = rows_;
    part.reader = readers_.size() - 1;
    part.vector = vector;
    ASSIGN_OR_RETURN(part.count, reader.Visible(vector, &part.visible, &part.all));
    if (part.count == 0) continue;
    part.count = std::min<uint64_t>(part.count, limit);
    limit -= part.count;
    part.columns.resize(table_.types().size());
    rows_ += part.count;
    parts_.push_back(std::move(part));
  }
  return {};
}

Result<Vector*> OldRows::Column(Part* part, size_t field) {
  auto& column = part->columns[field];
  if (!column) {
    const auto& type = table_.types()[field];
    auto all = std::make_unique<Vector>(type);
    RETURN_IF_ERROR(readers_[part->reader]->Read(part->vector, field, all.get()));
    column = std::move(all);
    if (!part->all) {
      RETURN_IF_ERROR(engine::Guarded([&] {
        auto visible = std::make_unique<Vector>(type);
        visible->Slice(*column, part->visible, part->count);
        column = std::move(visible);
      }));
    }
  }
  return column.get();
}

Status OldRows::ForEach(size_t field, uint64_t begin, uint64_t count, const Visit& visit) {
  CHECK(begin + count <= rows_);
  auto part = std::upper_bound(parts_.begin(), parts_.end(), begin,
                               [](uint64_t row, const Part& other) { return row < other.begin; });
  for (--part; count > 0; ++part) {
    idx_t offset = begin - part->begin;
    idx_t rows = std::min<uint64_t>(count, part->count - offset);
    ASSIGN_OR_RETURN(auto* column, Column(&*part, field));
    RETURN_IF_ERROR(visit(*column, offset, rows));
    begin += rows;
    count -= rows;
  }
  return {};
}

}  // namespace rhizo::table
