// What a virtual merge could not decide: rows and cells that equal nothing. Only ever in memory. In
// a table with a key they are known by it: its row may have another id on the next side.
// Regular value type.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "model/place.h"
#include "model/position_set.h"

namespace rhizo::merge {

// The fields of a key, each as table::EncodeValue has it.
using KeyBytes = std::vector<std::string>;

struct UndefinedKey {
  bool row = false;
  std::set<FieldId> cells;
};

class Undefined {
 public:
  // Whether a row is not known, or a cell of the field.
  bool Concerns(FieldId field) const;
  bool empty() const { return rows_.empty() && cells_.empty() && keys_.empty(); }
  void AddRow(const model::RowId& row) { rows_[row.birth].insert(row.position); }
  void AddCell(const model::RowId& row, FieldId field) {
    cells_[{field, row.birth}].insert(row.position);
  }
  void AddRow(const KeyBytes& key) { keys_[key].row = true; }
  void AddCell(const KeyBytes& key, FieldId field) { keys_[key].cells.insert(field); }
  // Under the row id as well, what is not known of a key.
  void AddKey(const model::RowId& row, const UndefinedKey& key);
  void Add(const Undefined& other);
  // Which of `count` rows from `first` on, counted from 0.
  model::PositionSet Rows(const model::RowId& first, uint32_t count) const;
  model::PositionSet Cells(FieldId field, const model::RowId& first, uint32_t count) const;
  const std::map<KeyBytes, UndefinedKey>& keys() const { return keys_; }

 private:
  using Positions = std::set<uint32_t>;
  std::map<BirthId, Positions> rows_;
  std::map<std::pair<FieldId, BirthId>, Positions> cells_;
  std::map<KeyBytes, UndefinedKey> keys_;
};

}  // namespace rhizo::merge
