#include "table/segment_sink.h"

#include <algorithm>
#include <chrono>

#include "base/blake3.h"
#include "engine/errors.h"
#include "engine/types.h"
#include "table/row_block.h"
#include "table/segment_encoder.h"

namespace rhizo::table {

using duckdb::idx_t;

namespace {

constexpr uint64_t kMaxRows = 122'880;
constexpr uint64_t kTargetBytes = uint64_t{128} << 20;
constexpr uint64_t kMaxBytes = uint64_t{1} << 30;  // collected, whatever the rows' number
constexpr uint64_t kStringBytes = 24;
constexpr uint64_t kListItems = 4;

uint64_t TypicalBytes(const model::Type& type) {
  if (IsStringKind(type.kind)) return kStringBytes;
  uint64_t bytes = FixedWidth(type);
  for (const auto& child : type.children) bytes += TypicalBytes(child.type);
  if (type.kind == model::TypeKind::kArray) return bytes * type.array_size;
  if (type.kind == model::TypeKind::kList || type.kind == model::TypeKind::kMap) {
    return bytes * kListItems;
  }
  return bytes;
}

std::optional<std::string> EncodeSmall(const model::Schema& schema,
                                       duckdb::ColumnDataCollection& rows) {
  if (rows.Count() > kMaxRowBlockRows) return std::nullopt;
  RowBlockEncoder encoder(schema);
  for (auto& chunk : rows.Chunks()) encoder.Append(chunk, 0, chunk.size());
  if (!encoder.Fits()) return std::nullopt;
  return encoder.Finish();
}

}  // namespace

uint64_t RowsPerSegment(const model::Schema& schema) {
  uint64_t bytes = 1;
  for (const auto& field : schema.fields) bytes += TypicalBytes(field.type);
  uint64_t rows = std::min(kMaxRows, kTargetBytes / bytes);
  return std::max<uint64_t>(rows / kMaxRowBlockRows, 1) * kMaxRowBlockRows;
}

SegmentSink::SegmentSink(const WriteContext& context, const model::Schema& schema)
    : context_(context),
      schema_(schema),
      types_(engine::ToLogicalTypes(schema)),
      rows_per_segment_(RowsPerSegment(schema)) {}

SegmentSink::~SegmentSink() {
  // Only those that run: one that was put off needs nothing of us any more.
  for (auto& segment : encoding_) {
    if (segment.wait_for(std::chrono::seconds(0)) != std::future_status::deferred) segment.wait();
  }
}

Status SegmentSink::Add(duckdb::DataChunk& rows, idx_t offset, idx_t count) {
  return engine::Guarded([&]() -> Status {
    if (segments_ == 0 && !block_ && !collected_ && TryBlock(rows, offset, count)) return {};
    if (block_) RETURN_IF_ERROR(Unpack());
    return Collect(rows, offset, count);
  });
}

Status SegmentSink::Add(Rows rows) {
  return engine::Guarded([&]() -> Status {
    if (rows->Count() == rows_per_segment_ && !block_ && !collected_) {
      return Encode(std::move(rows));
    }
    for (auto& chunk : rows->Chunks()) RETURN_IF_ERROR(Add(chunk, 0, chunk.size()));
    return {};
  });
}

// The first rows of a write are often all: then nothing is copied.
bool SegmentSink::TryBlock(duckdb::DataChunk& rows, idx_t offset, idx_t count) {
  RowBlockEncoder encoder(schema_);
  encoder.Append(rows, offset, count);
  if (!encoder.Fits()) return false;
  block_rows_ = static_cast<uint32_t>(count);
  block_ = encoder.Finish();
  return true;
}

Status SegmentSink::Unpack() {
  auto bytes = std::make_shared<const std::string>(*std::move(block_));
  block_ = std::nullopt;
  ASSIGN_OR_RETURN(auto block, OpenRowBlock(bytes));
  duckdb::DataChunk rows;
  rows.InitializeEmpty(types_);
  for (size_t i = 0; i < block.columns.size(); ++i) {
    ASSIGN_OR_RETURN(auto column, DecodeColumnOf(block, i));
    rows.data[i].Reference(column);
  }
  rows.SetCardinality(block.rows);
  return Collect(rows, 0, block.rows);
}

Status SegmentSink::Collect(duckdb::DataChunk& rows, idx_t offset, idx_t count) {
  while (count > 0) {
    if (!collected_) {
      collected_ = std::make_unique<duckdb::ColumnDataCollection>(
          duckdb::Allocator::DefaultAllocator(), types_);
    }
    idx_t part = std::min<idx_t>(count, rows_per_segment_ - collected_->Count());
    duckdb::DataChunk slice;
    slice.InitializeEmpty(types_);
    for (size_t i = 0; i < types_.size(); ++i) {
      slice.data[i].Slice(rows.data[i], offset, offset + part);
    }
    slice.SetCardinality(part);
    collected_->Append(slice);
    offset += part;
    count -= part;
    if (collected_->Count() == rows_per_segment_ || collected_->SizeInBytes() > kMaxBytes) {
      RETURN_IF_ERROR(Encode(std::move(collected_)));
    }
  }
  return {};
}

Result<size_t> SegmentSink::Cut() {
  if (block_) {
    // Everything before is stored: a block only ever begins a write.
    stored_.push_back(StoreBlock(*std::move(block_), block_rows_));
    block_ = std::nullopt;
    ++segments_;
  }
  if (collected_) RETURN_IF_ERROR(Encode(std::move(collected_)));
  return segments_;
}

Status SegmentSink::Encode(Rows rows) {
  ++segments_;
  while (encoding_.size() >= std::max(1u, context_.threads)) RETURN_IF_ERROR(WaitForOldest());
  auto small = EncodeSmall(schema_, *rows);
  if (small) {
    auto stored = StoreBlock(*std::move(small), static_cast<uint32_t>(rows->Count()));
    std::promise<Result<StoredSegment>> done;
    encoding_.push_back(done.get_future());
    done.set_value(stored);
    return {};
  }
  auto policy = context_.threads > 1 ? std::launch::async : std::launch::deferred;
  encoding_.push_back(std::async(policy, [this, rows = std::move(rows)]() {
    return engine::Guarded([&] { return StoreFile(rows.get()); });
  }));
  return {};
}

StoredSegment SegmentSink::StoreBlock(std::string bytes, uint32_t rows) {
  uint64_t length = bytes.size();
  return {model::SegmentKind::kRowBlock, context_.staging->Add(std::move(bytes)), rows, length};
}

Result<StoredSegment> SegmentSink::StoreFile(duckdb::ColumnDataCollection* rows) const {
  if (context_.engine == nullptr) return InvalidArgument("rows this many need the engine");
  auto count = static_cast<uint32_t>(rows->Count());
  ASSIGN_OR_RETURN(auto connection, context_.engine->Connect());
  Result<EncodedSegment> encoded = InvalidArgument("");
  connection->context->RunFunctionInTransaction(
      [&] { encoded = EncodeSegment(*connection->context, schema_, rows); });
  if (!encoded) return std::move(encoded).error();
  auto& segment = *encoded;
  if (segment.bytes.size() > object::kSmallObjectBytes) {
    RETURN_IF_ERROR(context_.read.large->Put(segment.info.segment, segment.bytes));
  } else {
    context_.staging->Add(std::move(segment.bytes));
  }
  return StoredSegment{model::SegmentKind::kParquet,
                       context_.staging->Add(model::Encode(segment.info)), count,
                       segment.info.length_bytes};
}

Status SegmentSink::WaitForOldest() {
  auto segment = encoding_.front().get();
  encoding_.pop_front();
  if (!segment) return std::move(segment).error();
  stored_.push_back(*segment);
  return {};
}

Result<std::vector<StoredSegment>> SegmentSink::Finish() {
  ASSIGN_OR_RETURN(auto count, Cut());
  while (!encoding_.empty()) RETURN_IF_ERROR(WaitForOldest());
  CHECK(stored_.size() == count);
  return std::move(stored_);
}

}  // namespace rhizo::table
