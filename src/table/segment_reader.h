// Columns out of a Parquet segment. Only bytes whose hash was checked ever reach the Parquet
// reader: it reads from a file in memory that holds exactly the verified ranges; a range is fetched
// and checked when it is first read.
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
  // Forgets the bytes of a field.
  void Drop(const model::FieldInfo& field) { ranges_.erase(field.chunk.offset); }

  Result<uint64_t> Size(const ObjectId& id) override;
  Status ReadAt(const ObjectId& id, uint64_t offset, std::span<char> out) override;

 private:
  Result<std::string> Fetch(const model::ByteRange& range);
  Status AddRangeAt(uint64_t offset);
  // The verified range that holds `offset`, or the end.
  std::map<uint64_t, std::string>::const_iterator RangeAt(uint64_t offset) const;

  const ReadContext& context_;
  const model::SegmentInfo& info_;
  std::map<uint64_t, std::string> ranges_;  // by offset
};

// A segment opened for one thread; its schema is parsed once, so reading many columns is cheap.
class SegmentFile {
 public:
  // All outlive the file.
  SegmentFile(duckdb::ClientContext& client, const ReadContext& context,
              const model::SegmentInfo& info);
  ~SegmentFile();

  // One column, in the segment's type; `index` into info.fields.
  Result<std::shared_ptr<const DecodedColumn>> Read(size_t index);

  // Rows that pass all filters, past every cache: pages and rows that cannot pass are not decoded.
  // `indexes` into info.fields, all of types the engine stores as they are; filters by position in
  // `indexes`. Takes the file: no Read() after it.
  Status StartFiltered(const std::vector<size_t>& indexes,
                       duckdb::unique_ptr<duckdb::TableFilterSet> filters);
  // The next such rows (at least one) in the order of `indexes`, valid until the next call; null at
  // the end.
  Result<duckdb::DataChunk*> NextFiltered();

 private:
  struct Filtered;
  Status Open();
  Status CheckFields(const std::vector<size_t>& indexes);
  Status CheckLength(size_t index, std::optional<uint64_t> found) const;
  Result<duckdb::DataChunk*> CheckedRows();
  void Choose(const std::vector<size_t>& indexes);
  Result<std::shared_ptr<const DecodedColumn>> Decode(size_t index);

  duckdb::ClientContext& client_;
  const ReadContext& context_;
  const model::SegmentInfo& info_;
  VerifiedSegment segment_;
  std::unique_ptr<duckdb::ParquetReader> reader_;
  std::unique_ptr<Filtered> filtered_;
};

}  // namespace rhizo::table
