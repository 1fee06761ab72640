// Rows on their way into a table: chunks of at most STANDARD_VECTOR_SIZE rows in a fixed schema.
#pragma once

#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "model/schema.h"

namespace rhizo::table {

class RowSource {
 public:
  virtual ~RowSource() = default;
  // The columns of every chunk, in order. Ids are 0 unless the rows come from a table.
  virtual const model::Schema& schema() const = 0;
  // The next chunk (never empty), or false at the end. `chunk` is initialised by the caller with
  // the schema's types; what it references stays valid until the next call.
  virtual Result<bool> Next(duckdb::DataChunk* chunk) = 0;
};

}  // namespace rhizo::table
