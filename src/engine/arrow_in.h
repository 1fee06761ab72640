// A user's Arrow stream as chunks of our types. Nothing in it is trusted: formats, lengths,
// offsets, indices and UTF-8 are checked (arrow_column, arrow_check, arrow_batch), so a lying
// stream is kInvalidArgument, never a crash; only addresses cannot be checked. Not thread-safe.
//
// DuckDB's own conversion is not used: it takes its input on trust, and it misreads sliced structs
// in structs, nested dictionaries with offsets, and null counts of -1.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "engine/arrow_batch.h"
#include "engine/arrow_column.h"
#include "engine/duckdb_headers.h"
#include "model/schema.h"

namespace rhizo::engine {

class ArrowReader {
 public:
  // Takes the stream over (released exactly once, also on failure; `stream->release` is null
  // after). kSchema, naming column and Arrow format, for what cannot be stored. Reads the first
  // batch already, for the dictionaries in it.
  static Result<std::unique_ptr<ArrowReader>> Open(
      duckdb::shared_ptr<duckdb::ClientContext> context, ArrowArrayStream* stream);
  ~ArrowReader();

  const model::Schema& schema() const { return schema_; }
  // The types of the chunks: ToLogicalTypes(schema()).
  const duckdb::vector<duckdb::LogicalType>& types() const { return types_; }

  // At most STANDARD_VECTOR_SIZE rows into `out` (initialised by Next if it has no columns); false
  // at the end. Text may lie in the Arrow batch, which the vectors keep alive. After an error the
  // reader answers only that error.
  Result<bool> Next(duckdb::DataChunk* out);

 private:
  explicit ArrowReader(const ArrowArrayStream& stream) : stream_(stream) {}
  Status ReadSchema();
  Status KeepDictionaries();
  Result<bool> NextBatch();
  Result<bool> Fill(duckdb::DataChunk* out);
  Error StreamError(int code, const char* doing);

  ArrowArrayStream stream_;
  std::vector<ArrowColumn> columns_;
  model::Schema schema_;
  duckdb::vector<duckdb::LogicalType> types_;
  std::unique_ptr<BatchConverter> batch_;
  uint64_t next_row_ = 0;
  bool at_end_ = false;
  std::optional<Error> failure_;
};

}  // namespace rhizo::engine
