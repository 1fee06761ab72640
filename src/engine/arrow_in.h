// A user's Arrow stream as chunks of our types. Nothing in it is trusted: formats, lengths,
// offsets, indices and UTF-8 are checked before DuckDB converts a batch, so a lying stream is
// kInvalidArgument (with the stream's own message where it has one), never a crash; only addresses
// cannot be checked. Not thread-safe.
#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "model/schema.h"

namespace rhizo::engine {

// Attributes a field or schema keeps so that arrow_out gives them back.
inline constexpr char kArrowTimeZone[] = "arrow.timezone";  // of a timestamp with time zone
inline constexpr char kArrowDictionary[] =
    "arrow.dictionary";  // index format; "+o" after it: ordered
inline constexpr char kArrowDictionaryValues[] = "arrow.dictionary_values";  // as DictionaryValues
inline constexpr char kArrowExtension[] = "arrow.extension";                 // ARROW:extension:name
inline constexpr char kArrowExtensionMetadata[] = "arrow.extension_metadata";
inline constexpr char kArrowNull[] = "arrow.null";  // came as a column of type null
inline constexpr char kPandas[] = "pandas";         // schema: the pandas metadata (JSON)

class ArrowReader {
 public:
  // Takes the stream over (released exactly once, also on failure; `stream->release` is null
  // after). kSchema, naming column and Arrow format, for what cannot be stored.
  static Result<std::unique_ptr<ArrowReader>> Open(
      duckdb::shared_ptr<duckdb::ClientContext> context, ArrowArrayStream* stream);
  ~ArrowReader();

  const model::Schema& schema() const { return schema_; }
  // The types of the chunks: ToLogicalTypes(schema()).
  const duckdb::vector<duckdb::LogicalType>& types() const { return types_; }

  // At most STANDARD_VECTOR_SIZE rows into `out` (initialised by Next if it has no columns); false
  // at the end. Vectors may point into the Arrow batch, which they keep alive. After an error the
  // reader answers only that error.
  Result<bool> Next(duckdb::DataChunk* out);

 private:
  struct State;
  ArrowReader();
  Status ReadSchema();
  Result<bool> NextBatch();
  void Convert(duckdb::DataChunk* out);

  model::Schema schema_;
  duckdb::vector<duckdb::LogicalType> types_;
  std::unique_ptr<State> state_;
  std::optional<Error> failure_;
};

}  // namespace rhizo::engine
