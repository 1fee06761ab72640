#include "table/segment_reader.h"

#include <algorithm>

#include "base/blake3.h"
#include "engine/errors.h"
#include "engine/storage.h"
#include "engine/types.h"
#include "table/decoded_column.h"
#include "table/statistics_builder.h"

namespace rhizo::table {
using Column = std::shared_ptr<const DecodedColumn>;

namespace {

// The Parquet reader fetches this much when it expects a page header, also at the end of a column.
// What it then does not need reads as zeros.
constexpr size_t kReadAheadBytes = 256;

Error BadSegment(const model::SegmentInfo& info, const std::string& what) {
  return Corruption("segment " + info.segment.Short() + ": " + what)
      .With("object", info.segment.ToString());
}

Status CheckRange(const model::SegmentInfo& info, const Hash256& expected, const Hash256& found,
                  const std::string& what) {
  if (expected == found) return {};
  return BadSegment(info, what + " is not what was written");
}

bool Holds(const model::ByteRange& range, uint64_t offset) {
  return offset >= range.offset && offset - range.offset < range.length;
}

duckdb::Vector Restore(const model::FieldInfo& field, duckdb::Vector stored, duckdb::idx_t count) {
  if (engine::IsNative(field.type)) return stored;
  duckdb::Vector out(engine::ToLogicalType(field.type), count);
  stored.Flatten(count);
  engine::FromStorage(field.type, stored, out, count);
  return out;
}

}  // namespace

bool IsLargeSegment(const model::SegmentInfo& info) {
  return info.length_bytes > object::kSmallObjectBytes;
}

Result<std::string> VerifiedSegment::Fetch(const model::ByteRange& range) {
  if (!IsLargeSegment(info_)) {
    ASSIGN_OR_RETURN(auto bytes, context_.small->Read(info_.segment));
    if (bytes->size() != info_.length_bytes) return BadSegment(info_, "has another length");
    return bytes->substr(range.offset, range.length);
  }
  std::string out(range.length, '\0');
  Status read = context_.large->ReadAt(info_.segment, range.offset, out);
  if (read) return out;
  if (read.error().code() == ErrorCode::kObjectNotFound) return BadSegment(info_, "is missing");
  return std::move(read).error();
}

Status VerifiedSegment::AddField(const model::FieldInfo& field) {
  ASSIGN_OR_RETURN(auto bytes, Fetch(field.chunk));
  RETURN_IF_ERROR(CheckRange(info_, field.chunk_hash, Blake3(bytes),
                             "the column of field " + std::to_string(field.id)));
  ranges_[field.chunk.offset] = std::move(bytes);
  return {};
}

Status VerifiedSegment::AddRest() {
  ASSIGN_OR_RETURN(auto header, Fetch(info_.header));
  ASSIGN_OR_RETURN(auto footer, Fetch(info_.footer));
  Blake3Hasher hasher;
  hasher.Update(header);
  hasher.Update(footer);
  RETURN_IF_ERROR(CheckRange(info_, info_.rest_hash, hasher.Finish(), "its header or footer"));
  ranges_[info_.header.offset] = std::move(header);
  ranges_[info_.footer.offset] = std::move(footer);
  return {};
}

Result<uint64_t> VerifiedSegment::Size(const ObjectId& id) {
  CHECK(id == info_.segment);
  return info_.length_bytes;
}

Status VerifiedSegment::AddRangeAt(uint64_t offset) {
  if (Holds(info_.header, offset) || Holds(info_.footer, offset)) return AddRest();
  for (const auto& field : info_.fields) {
    if (Holds(field.chunk, offset)) return AddField(field);
  }
  return BadSegment(info_, "is read where nothing was written");
}

std::map<uint64_t, std::string>::const_iterator VerifiedSegment::RangeAt(uint64_t offset) const {
  auto range = ranges_.upper_bound(offset);
  if (range == ranges_.begin()) return ranges_.end();
  --range;
  return offset - range->first < range->second.size() ? range : ranges_.end();
}

Status VerifiedSegment::ReadAt(const ObjectId& id, uint64_t offset, std::span<char> out) {
  CHECK(id == info_.segment);
  auto range = RangeAt(offset);
  if (range == ranges_.end()) {
    RETURN_IF_ERROR(AddRangeAt(offset));
    range = RangeAt(offset);
  }
  uint64_t skip = offset - range->first;
  const auto& bytes = range->second;
  if (out.size() > bytes.size() - skip + kReadAheadBytes) {
    return BadSegment(info_, "is read beyond the end of what was written");
  }
  size_t count = std::min(out.size(), bytes.size() - skip);
  std::copy_n(bytes.data() + skip, count, out.data());
  std::fill(out.begin() + static_cast<ptrdiff_t>(count), out.end(), '\0');
  return {};
}

struct SegmentFile::Filtered {
  std::vector<size_t> indexes;  // into info.fields
  duckdb::ParquetReaderScanState state;
  duckdb::DataChunk rows;
};

SegmentFile::SegmentFile(duckdb::ClientContext& client, const ReadContext& context,
                         const model::SegmentInfo& info)
    : client_(client), context_(context), info_(info), segment_(context, info) {}

SegmentFile::~SegmentFile() = default;

Status SegmentFile::Open() {
  if (reader_) return {};
  // Floats may hold NaN, which no bounds in a file speak of.
  duckdb::ParquetOptions options;
  options.can_have_nan = true;
  auto footer = context_.cache->FindFooter(info_.segment);
  reader_ = std::make_unique<duckdb::ParquetReader>(
      client_, duckdb::OpenFileInfo(engine::SegmentPath(info_.segment)), options, footer);
  if (!footer) context_.cache->KeepFooter(info_.segment, reader_->metadata);
  return {};
}

// What the file says of itself must be what the info says of it.
Status SegmentFile::CheckFields(const std::vector<size_t>& indexes) {
  bool fits = reader_->NumRowGroups() == 1 && reader_->NumRows() == info_.rows &&
              reader_->columns.size() == info_.fields.size();
  for (size_t i = 0; fits && i < indexes.size(); ++i) {
    fits = reader_->columns[indexes[i]].type == engine::StorageType(info_.fields[indexes[i]].type);
  }
  if (!fits) return BadSegment(info_, "the file does not hold what its info says");
  return {};
}

// The engine packs strings into as many bytes as the longest is said to have.
Status SegmentFile::CheckLength(size_t index, std::optional<uint64_t> found) const {
  const auto& field = info_.fields[index];
  const auto& said = field.statistics.max_length;
  if (!said || found.value_or(0) <= *said) return {};
  return BadSegment(
      info_, "field " + std::to_string(field.id) + " holds longer strings than its info says");
}

void SegmentFile::Choose(const std::vector<size_t>& indexes) {
  reader_->column_ids = {};
  reader_->column_indexes = {};
  for (auto index : indexes) {
    reader_->column_ids.push_back(duckdb::MultiFileLocalColumnId(index));
    reader_->column_indexes.push_back(duckdb::ColumnIndex(index));
  }
}

Result<Column> SegmentFile::Decode(size_t index) {
  const auto& field = info_.fields[index];
  Choose({index});
  duckdb::ParquetReaderScanState state;
  reader_->InitializeScan(client_, state, {0});
  DecodedColumnBuilder column(field.type);
  while (true) {
    duckdb::DataChunk chunk;  // a fresh one each time: its vectors are kept
    chunk.Initialize(duckdb::Allocator::DefaultAllocator(), {reader_->columns[index].type});
    auto result = reader_->Scan(client_, state, chunk);
    if (chunk.size() > 0) {
      auto count = chunk.size();
      column.Add(Restore(field, std::move(chunk.data[0]), count), count);
    } else if (result.GetResultType() == duckdb::AsyncResultType::FINISHED) {
      break;
    }
  }
  return column.Finish();
}

Result<Column> SegmentFile::Read(size_t index) {
  CHECK(index < info_.fields.size());
  RETURN_IF_ERROR(segment_.AddField(info_.fields[index]));
  auto column = engine::Guarded([&]() -> Result<Column> {
    engine::SegmentAccess access(&segment_);
    RETURN_IF_ERROR(Open());
    RETURN_IF_ERROR(CheckFields({index}));
    return Decode(index);
  });
  segment_.Drop(info_.fields[index]);
  if (column && (*column)->rows != info_.rows) {
    return BadSegment(info_, "holds another number of rows");
  }
  if (column) RETURN_IF_ERROR(CheckLength(index, (*column)->max_length));
  return column;
}

Status SegmentFile::StartFiltered(const std::vector<size_t>& indexes,
                                  duckdb::unique_ptr<duckdb::TableFilterSet> filters) {
  return engine::Guarded([&]() -> Status {
    engine::SegmentAccess access(&segment_);
    RETURN_IF_ERROR(Open());
    RETURN_IF_ERROR(CheckFields(indexes));
    Choose(indexes);
    reader_->filters = std::move(filters);
    filtered_ = std::make_unique<Filtered>();
    filtered_->indexes = indexes;
    reader_->InitializeScan(client_, filtered_->state, {0});
    duckdb::vector<duckdb::LogicalType> types;
    for (auto index : indexes) types.push_back(reader_->columns[index].type);
    filtered_->rows.Initialize(duckdb::Allocator::DefaultAllocator(), types);
    return {};
  });
}

Result<duckdb::DataChunk*> SegmentFile::CheckedRows() {
  auto& rows = filtered_->rows;
  for (size_t i = 0; i < rows.ColumnCount(); ++i) {
    auto index = filtered_->indexes[i];
    if (!info_.fields[index].statistics.max_length) continue;
    RETURN_IF_ERROR(CheckLength(index, MaxLength(rows.data[i], 0, rows.size())));
  }
  return &rows;
}

Result<duckdb::DataChunk*> SegmentFile::NextFiltered() {
  return engine::Guarded([&]() -> Result<duckdb::DataChunk*> {
    engine::SegmentAccess access(&segment_);
    while (true) {
      auto result = reader_->Scan(client_, filtered_->state, filtered_->rows);
      if (filtered_->rows.size() > 0) return CheckedRows();
      if (result.GetResultType() == duckdb::AsyncResultType::FINISHED) return nullptr;
    }
  });
}

}  // namespace rhizo::table
