// Random edits of tables in memory, for tests of merges: rows come at the end and between, go,
// change, are folded and encoded anew.
#pragma once

#include <map>
#include <random>
#include <vector>

#include "model/place.h"
#include "table/testing/tables.h"

namespace rhizo::merge::testing {

using table::testing::Row;
using table::testing::Store;
using table::testing::TableRows;

struct PlacedRow {
  model::Place place;
  std::vector<std::optional<std::string>> bits;
  Row values;
};
using RowsById = std::map<model::RowId, PlacedRow>;

RowsById ById(Store& store, const model::TableState& state);
// The ids of rows in the order of their places.
std::vector<model::RowId> InOrder(const RowsById& rows);

class Edits {
 public:
  // `row`: makes a new row.
  using MakeRow = std::function<Row(std::mt19937_64*)>;
  Edits(Store* store, std::mt19937_64* random, MakeRow row)
      : store_(*store), random_(*random), row_(std::move(row)) {}

  model::TableState Append(const model::TableState& state, size_t count);
  // New rows behind row `before` - 1 of the table.
  model::TableState Insert(const model::TableState& state, size_t before, size_t count) {
    return Insert(state, before, NewRows(count));
  }
  model::TableState Insert(const model::TableState& state, size_t before, const TableRows& rows);
  model::TableState Delete(const model::TableState& state, const std::vector<size_t>& rows);
  // Row number -> values of `fields`.
  model::TableState Update(const model::TableState& state, const std::vector<size_t>& fields,
                           const std::map<size_t, Row>& rows);
  model::TableState Fold(const model::TableState& state);
  // Entries [begin, end) become segments of their own again.
  model::TableState EncodeAnew(const model::TableState& state, size_t begin, size_t end);

  size_t Below(size_t end) { return std::uniform_int_distribution<size_t>(0, end - 1)(random_); }
  // Different numbers below `end`, rising, at most `most`.
  std::vector<size_t> SomeBelow(size_t end, size_t most);
  TableRows NewRows(size_t count);

 private:
  Store& store_;
  std::mt19937_64& random_;
  const MakeRow row_;
};

}  // namespace rhizo::merge::testing
