// What is known of a Parquet segment without opening it. Every byte of the file belongs to exactly
// one range: header, one range per top-level field (its column chunks), footer; each range is
// verified by a hash when it is read. Regular value types; stored as an object
// (docs/format/segment-info.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/blake3.h"
#include "base/id.h"
#include "base/result.h"
#include "model/column_statistics.h"
#include "model/type.h"

namespace rhizo::model {

struct ByteRange {
  uint64_t offset = 0;
  uint64_t length = 0;
  uint64_t end() const { return offset + length; }
  friend auto operator<=>(const ByteRange&, const ByteRange&) = default;
};

struct FieldInfo {
  FieldId id = 0;
  Type type;
  ByteRange chunk;
  Hash256 chunk_hash;  // BLAKE3 of the bytes of `chunk`
  ColumnStatistics statistics;
  friend bool operator==(const FieldInfo&, const FieldInfo&) = default;
};

struct SegmentInfo {
  ObjectId segment;
  uint64_t rows = 0;          // 1 .. kMaxSegmentRows
  uint64_t length_bytes = 0;  // of the file
  // In file order: the chunks follow each other without gaps from header.end() to footer.offset.
  std::vector<FieldInfo> fields;
  ByteRange header;   // from 0
  ByteRange footer;   // to length_bytes
  Hash256 rest_hash;  // BLAKE3 of the bytes of header and footer, one after the other

  // Null if the segment has no such field (it is older than the field).
  const FieldInfo* Find(FieldId field) const;
  friend bool operator==(const SegmentInfo&, const SegmentInfo&) = default;
};

std::string Encode(const SegmentInfo& info);
Result<SegmentInfo> DecodeSegmentInfo(std::string_view bytes);

}  // namespace rhizo::model
