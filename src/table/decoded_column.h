// Making DecodedColumns: vectors that many threads may read, with what is known of each.
#pragma once

#include "engine/duckdb_headers.h"
#include "model/type.h"
#include "table/column_cache.h"

namespace rhizo::table {

class DecodedColumnBuilder {
 public:
  explicit DecodedColumnBuilder(const model::Type& type);

  // Takes a vector of `count` rows over: it becomes flat or, if it is a dictionary of strings, a
  // dictionary with a selection of its own. All but the last have STANDARD_VECTOR_SIZE rows.
  void Add(duckdb::Vector vector, duckdb::idx_t count);
  std::shared_ptr<const DecodedColumn> Finish();

 private:
  const model::Type type_;
  std::shared_ptr<DecodedColumn> column_;
  const void* last_dictionary_ = nullptr;
};

}  // namespace rhizo::table
