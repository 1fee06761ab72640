// Rows as one Parquet file in memory: one row group, V2 encodings, zstd, field ids, types in their
// stored form, no bloom filters; and all that is known of it without opening it.
#pragma once

#include <string>

#include "engine/duckdb_headers.h"
#include "model/schema.h"
#include "model/segment_info.h"

namespace rhizo::table {

struct EncodedSegment {
  std::string bytes;
  model::SegmentInfo info;
};

// `rows` has the engine's types of `schema` and at least one row; it is used up. Any thread with a
// connection of its own may call it.
Result<EncodedSegment> EncodeSegment(duckdb::ClientContext& client, const model::Schema& schema,
                                     duckdb::ColumnDataCollection* rows);

}  // namespace rhizo::table
