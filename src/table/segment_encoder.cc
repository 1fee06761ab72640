#include "table/segment_encoder.h"

#include <algorithm>

#include "base/blake3.h"
#include "engine/errors.h"
#include "engine/memory_file.h"
#include "engine/segment_file_system.h"
#include "engine/storage.h"
#include "engine/types.h"
#include "table/statistics_builder.h"
#include "writer/primitive_column_writer.hpp"

namespace rhizo::table {
namespace {

constexpr int64_t kCompressionLevel = 3;

// A file that is still in memory, to read its own footer from.
class BytesSource final : public engine::SegmentSource {
 public:
  explicit BytesSource(const std::string& bytes) : bytes_(bytes) {}
  Result<uint64_t> Size(const ObjectId&) override { return bytes_.size(); }
  Status ReadAt(const ObjectId&, uint64_t offset, std::span<char> out) override {
    std::copy_n(bytes_.data() + offset, out.size(), out.data());
    return {};
  }

 private:
  const std::string& bytes_;
};

struct Described {
  std::vector<model::ColumnStatistics> columns;
  bool has_twins = false;
};

Described Describe(const model::Schema& schema, duckdb::ColumnDataCollection& rows) {
  std::vector<StatisticsBuilder> builders;
  for (const auto& field : schema.fields) builders.emplace_back(field.type);
  for (auto& chunk : rows.Chunks()) {
    for (size_t i = 0; i < builders.size(); ++i) builders[i].Append(chunk.data[i], 0, chunk.size());
  }
  Described described;
  for (auto& builder : builders) {
    described.has_twins = described.has_twins || builder.HasTwins();
    described.columns.push_back(builder.Finish());
  }
  return described;
}

bool AllNative(const model::Schema& schema) {
  return std::all_of(schema.fields.begin(), schema.fields.end(),
                     [](const auto& field) { return engine::IsNative(field.type); });
}

// The rows in their stored form; empties `rows`.
duckdb::unique_ptr<duckdb::ColumnDataCollection> ToStored(duckdb::ClientContext& client,
                                                          const model::Schema& schema,
                                                          duckdb::ColumnDataCollection* rows) {
  auto types = engine::StorageTypes(schema);
  auto stored = duckdb::make_uniq<duckdb::ColumnDataCollection>(client, types);
  for (auto& chunk : rows->Chunks()) {
    duckdb::DataChunk converted;
    converted.Initialize(client, types);
    for (size_t i = 0; i < types.size(); ++i) {
      engine::ToStorage(schema.fields[i].type, chunk.data[i], converted.data[i], chunk.size());
    }
    converted.SetCardinality(chunk.size());
    stored->Append(converted);
  }
  rows->Reset();
  return stored;
}

std::string WriteFile(duckdb::ClientContext& client, const model::Schema& schema,
                      duckdb::ColumnDataCollection& rows, bool dictionaries) {
  engine::MemoryFile file;
  duckdb::optional_idx dictionary_limit;  // the engine's default
  if (!dictionaries) dictionary_limit = 0;
  duckdb::ParquetWriter writer(
      client, file, "segment", engine::StorageTypes(schema), engine::ColumnNames(schema),
      duckdb_parquet::CompressionCodec::ZSTD, engine::StorageFieldIds(schema),
      duckdb::ShreddingType(), {}, nullptr, dictionary_limit,
      duckdb::PrimitiveColumnWriter::MAX_UNCOMPRESSED_DICT_PAGE_SIZE, false, 0.01,
      kCompressionLevel, duckdb::ParquetVersion::V2, duckdb::GeoParquetVersion::NONE);
  duckdb::unique_ptr<duckdb::ParquetWriteTransformData> transform;
  writer.Flush(rows, transform);
  writer.Finalize();
  return std::move(file).Take();
}

model::ByteRange RangeOf(const duckdb_parquet::ColumnMetaData& chunk) {
  int64_t begin = chunk.data_page_offset;
  if (chunk.__isset.dictionary_page_offset && chunk.dictionary_page_offset > 0) {
    begin = std::min(begin, chunk.dictionary_page_offset);
  }
  return {static_cast<uint64_t>(begin), static_cast<uint64_t>(chunk.total_compressed_size)};
}

// The ranges of the top-level fields: their leaves' chunks follow each other in the file.
void Locate(const duckdb_parquet::RowGroup& group, model::SegmentInfo* info) {
  size_t next = 0;
  uint64_t end = sizeof("PAR1") - 1;
  info->header = {0, end};
  for (auto& field : info->fields) {
    CHECK(next < group.columns.size());
    const auto& name = group.columns[next].meta_data.path_in_schema[0];
    field.chunk = {end, 0};
    for (; next < group.columns.size(); ++next) {
      const auto& chunk = group.columns[next].meta_data;
      if (chunk.path_in_schema[0] != name) break;
      auto range = RangeOf(chunk);
      CHECK(range.offset == end);
      end = range.end();
    }
    field.chunk.length = end - field.chunk.offset;
  }
  CHECK(next == group.columns.size());
  info->footer = {end, info->length_bytes - end};
}

std::string_view Slice(const std::string& bytes, const model::ByteRange& range) {
  return std::string_view(bytes).substr(range.offset, range.length);
}

void Hash(const std::string& bytes, model::SegmentInfo* info) {
  for (auto& field : info->fields) field.chunk_hash = Blake3(Slice(bytes, field.chunk));
  Blake3Hasher rest;
  rest.Update(Slice(bytes, info->header));
  rest.Update(Slice(bytes, info->footer));
  info->rest_hash = rest.Finish();
}

model::SegmentInfo MakeInfo(duckdb::ClientContext& client, const model::Schema& schema,
                            const std::string& bytes, uint64_t rows,
                            std::vector<model::ColumnStatistics> statistics) {
  model::SegmentInfo info;
  info.segment = ObjectIdOf(bytes);
  info.rows = rows;
  info.length_bytes = bytes.size();
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    auto& field = info.fields.emplace_back();
    field.id = schema.fields[i].id;
    field.type = schema.fields[i].type;
    field.statistics = std::move(statistics[i]);
  }
  BytesSource source(bytes);
  engine::SegmentAccess access(&source);
  duckdb::ParquetReader reader(client, duckdb::OpenFileInfo(engine::SegmentPath(info.segment)),
                               duckdb::ParquetOptions());
  CHECK(reader.NumRowGroups() == 1);
  Locate(reader.GetFileMetadata()->row_groups[0], &info);
  Hash(bytes, &info);
  return info;
}

}  // namespace

Result<EncodedSegment> EncodeSegment(duckdb::ClientContext& client, const model::Schema& schema,
                                     duckdb::ColumnDataCollection* rows) {
  return engine::Guarded([&] {
    uint64_t count = rows->Count();
    CHECK(count > 0);
    auto described = Describe(schema, *rows);
    duckdb::unique_ptr<duckdb::ColumnDataCollection> stored;
    if (!AllNative(schema)) stored = ToStored(client, schema, rows);
    EncodedSegment segment;
    segment.bytes = WriteFile(client, schema, stored ? *stored : *rows, !described.has_twins);
    segment.info = MakeInfo(client, schema, segment.bytes, count, std::move(described.columns));
    return segment;
  });
}

}  // namespace rhizo::table
