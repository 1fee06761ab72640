// Rows as an Arrow C stream, lossless, with the attributes of arrow_column given back (time zones,
// units, dictionaries, extension names, pandas metadata). Not DuckDB's own export, which sends
// booleans as int8 and 128-bit integers as bytes when it is told to be lossless.
#pragma once

#include <memory>

#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "model/schema.h"

namespace rhizo::engine {

// Where an outgoing stream pulls its rows from. Owns all it needs.
class ChunkSource {
 public:
  virtual ~ChunkSource() = default;
  // Fills `out` (already initialised with the types, and reset); false at the end.
  virtual Result<bool> Next(duckdb::DataChunk* out) = 0;
};

struct ArrowOutOptions {
  uint64_t batch_rows = 122880;
  uint64_t batch_bytes = 256u << 20;  // a batch ends early beyond this many bytes of strings
};

// `out` becomes a stream that owns `source` and `context` (which keeps DuckDB alive) until
// released. Its errors are what get_last_error says. kSchema if some type has no exact Arrow form.
Status ExportArrowStream(duckdb::shared_ptr<duckdb::ClientContext> context,
                         const model::Schema& schema, std::unique_ptr<ChunkSource> source,
                         const ArrowOutOptions& options, ArrowArrayStream* out);
// Only the schema, in the same form.
Status ExportArrowSchema(duckdb::ClientContext& context, const model::Schema& schema,
                         ArrowSchema* out);

}  // namespace rhizo::engine
