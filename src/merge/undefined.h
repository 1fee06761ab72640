// What a virtual merge could not decide: rows and cells that equal nothing. Only ever in memory.
// Regular value type.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "model/place.h"
#include "model/position_set.h"

namespace rhizo::merge {

class Undefined {
 public:
  bool empty() const { return rows_.empty() && cells_.empty(); }
  void AddRow(const model::RowId& row) { rows_[row.birth].insert(row.position); }
  void AddCell(const model::RowId& row, FieldId field) {
    cells_[{field, row.birth}].insert(row.position);
  }
  void Add(const Undefined& other);
  // Which of `count` rows from `first` on, counted from 0.
  model::PositionSet Rows(const model::RowId& first, uint32_t count) const;
  model::PositionSet Cells(FieldId field, const model::RowId& first, uint32_t count) const;

 private:
  using Positions = std::set<uint32_t>;
  std::map<BirthId, Positions> rows_;
  std::map<std::pair<FieldId, BirthId>, Positions> cells_;
};

}  // namespace rhizo::merge
