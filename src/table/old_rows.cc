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

std::deque<OldRows::Part>::iterator OldRows::PartOf(uint64_t row) {
  return std::prev(std::upper_bound(parts_.begin(), parts_.end(), row,
                                    [](uint64_t at, const Part& part) { return at < part.begin; }));
}

Result<model::RowId> OldRows::IdOf(uint64_t row) {
  CHECK(row < rows_);
  auto part = PartOf(row);
  auto offset = row - part->begin;
  auto slot =
      part->vector * STANDARD_VECTOR_SIZE + (part->all ? offset : part->visible.get_index(offset));
  auto& entry = *entries_[part->reader];
  ASSIGN_OR_RETURN(auto overlay, entry.overlay->Get(table_.context(), entry.entry));
  return model::PlaceOf(overlay->runs, static_cast<uint32_t>(slot))->row_id();
}

Status OldRows::ForEach(size_t field, uint64_t begin, uint64_t count, const Visit& visit) {
  CHECK(begin + count <= rows_);
  if (count == 0) return {};
  for (auto part = PartOf(begin); count > 0; ++part) {
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
