// Where rows stand that are met again far from where they are looked for: a sample of all rows of a
// table by hash, at most a million of them. Built once, reading the whole table.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "table/open_table.h"
#include "table/row_window.h"

namespace rhizo::table {

class FarRows {
 public:
  static constexpr uint64_t kSurelySeen = 4096;

  // `fields`: that tell rows apart.
  static Result<FarRows> Build(duckdb::ClientContext* client, const OpenTable& table,
                               std::vector<size_t> fields);

  // The entry, by number, from entry `first` on at which the rows of the window go on, if they do:
  // from some row of the window on, at least half of those that can be told stand in order there.
  // Fewer than kSurelySeen such rows at the window's end may be overlooked.
  Result<std::optional<uint64_t>> EntryOf(RowWindow* window, uint64_t first) const;

 private:
  struct Known {
    uint64_t hash = 0;
    uint64_t row = 0;    // of the table
    uint64_t entry = 0;  // its number
  };
  FarRows(uint64_t mask, std::vector<size_t> fields) : mask_(mask), fields_(std::move(fields)) {}
  const Known* Find(uint64_t hash) const;

  uint64_t mask_;
  std::vector<size_t> fields_;
  std::vector<Known> known_;  // by hash, none twice
};

}  // namespace rhizo::table
