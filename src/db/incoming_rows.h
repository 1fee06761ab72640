// A user's stream on its way into a table: which schema the table gets, and the rows in that
// schema.
#pragma once

#include <memory>

#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "model/schema.h"
#include "rhizo/arrow_c_data.h"
#include "rhizo/session.h"
#include "table/open_table.h"
#include "table/row_source.h"

namespace rhizo::db {

struct IncomingOptions {
  SchemaMode mode = SchemaMode::kKeep;
  bool append = false;  // the table's rows stay
  // Columns that do not come may be NULL in `rows` though the table does not allow it.
  bool may_lack_columns = false;
};

struct IncomingRows {
  model::Schema target;  // what the table's schema becomes; new fields have id 0
  std::unique_ptr<table::RowSource> rows;
  std::vector<size_t> given;  // columns of `target` that the stream has, rising

  // Takes `stream` over. `existing` is null for a new table.
  static Result<IncomingRows> Open(duckdb::ClientContext& client, ArrowArrayStream* stream,
                                   const table::OpenTable* existing,
                                   const IncomingOptions& options);
};

// The table schema that an Arrow schema means. Takes `schema` over.
Result<model::Schema> ReadSchema(duckdb::ClientContext& client, ArrowSchema* schema);

}  // namespace rhizo::db
