// Columns out of a Parquet segment. Only bytes whose hash was checked ever reach the Parquet
// reader: it reads from a file in memory that holds exactly the verified ranges and refuses all
// others.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/duckdb_headers.h"
#include "engine/segment_file_system.h"
#include "model/segment_info.h"
#include "object/object_reader.h"
#include "object/object_store.h"
#include "table/column_cache.h"
#include "table/read_context.h"

namespace rhizo::table {

// Segments up to object::kSmallObjectBytes are kept with the small objects.
bool IsLargeSegment(const model::SegmentInfo& info);

// The verified ranges of one segment. Not thread-safe while ranges are added.
class VerifiedSegment final : public engine::SegmentSource {
 public:
  VerifiedSegment(const ReadContext& context, const model::SegmentInfo& info)
      : context_(context), info_(info) {}

  // kCorruption naming segment and field if the bytes are not those that were written.
  Status AddField(const model::FieldInfo& field);
  Status AddRest();

  Result<uint64_t> Size(const ObjectId& id) override;
  Status ReadAt(const ObjectId& id, uint64_t offset, std::span<char> out) override;

 private:
  Result<std::string> Fetch(const model::ByteRange& range);

  const ReadContext& context_;
  const model::SegmentInfo& info_;
  std::map<uint64_t, std::string> ranges_;  // by offset
};

// One column of a segment, in the segment's type.
Result<std::shared_ptr<const DecodedColumn>> ReadSegmentColumn(duckdb::ClientContext& client,
                                                               const ReadContext& context,
                                                               const model::SegmentInfo& info,
                                                               const model::FieldInfo& field);

}  // namespace rhizo::table
