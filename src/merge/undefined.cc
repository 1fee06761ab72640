#include "merge/undefined.h"

#include <algorithm>
#include <vector>

namespace rhizo::merge {
namespace {

model::PositionSet Among(const std::set<uint32_t>& positions, uint32_t first, uint32_t count) {
  std::vector<uint32_t> offsets;
  for (auto at = positions.lower_bound(first); at != positions.end() && *at - first < count; ++at) {
    offsets.push_back(*at - first);
  }
  return model::PositionSet::FromSorted(offsets);
}

}  // namespace

model::PositionSet Undefined::Rows(const model::RowId& first, uint32_t count) const {
  auto found = rows_.find(first.birth);
  if (found == rows_.end()) return {};
  return Among(found->second, first.position, count);
}

model::PositionSet Undefined::Cells(FieldId field, const model::RowId& first,
                                    uint32_t count) const {
  auto found = cells_.find({field, first.birth});
  if (found == cells_.end()) return {};
  return Among(found->second, first.position, count);
}

void Undefined::Add(const Undefined& other) {
  for (const auto& [birth, positions] : other.rows_) {
    rows_[birth].insert(positions.begin(), positions.end());
  }
  for (const auto& [cell, positions] : other.cells_) {
    cells_[cell].insert(positions.begin(), positions.end());
  }
  for (const auto& [key, what] : other.keys_) {
    auto& known = keys_[key];
    known.row = known.row || what.row;
    known.cells.insert(what.cells.begin(), what.cells.end());
  }
}

bool Undefined::Concerns(FieldId field) const {
  auto of_field = [&](const auto& cell) { return cell.first.first == field; };
  auto of_key = [&](const auto& key) { return key.second.row || key.second.cells.contains(field); };
  return !rows_.empty() || std::any_of(cells_.begin(), cells_.end(), of_field) ||
         std::any_of(keys_.begin(), keys_.end(), of_key);
}

void Undefined::AddKey(const model::RowId& row, const UndefinedKey& key) {
  if (key.row) AddRow(row);
  for (FieldId field : key.cells) AddCell(row, field);
}

}  // namespace rhizo::merge
