#include "table/content_key.h"

#include <algorithm>

#include "base/coding.h"
#include "model/schema.h"
#include "model/schema_coding.h"

namespace rhizo::table {
namespace {

constexpr uint64_t kChunkRows = 2048;  // part of the format, whatever the engine's vectors hold
constexpr size_t kHashBytes = 128 * 1024;

model::Type WithoutIds(model::Type type) {
  for (auto& child : type.children) {
    model::Field plain;
    plain.name = child.name;
    plain.type = WithoutIds(child.type);
    child = std::move(plain);
  }
  return type;
}

}  // namespace

std::string TypeForContentKey(const model::Type& type) { return model::Encode(WithoutIds(type)); }

ContentKeyBuilder::ContentKeyBuilder(const model::Type& type) : encoder_(type) {
  Encoder header;
  header.String(TypeForContentKey(type));
  pending_ = std::move(header).Take();
}

void ContentKeyBuilder::Append(duckdb::Vector& vector, const RowRange& rows) {
  duckdb::idx_t done = 0;
  while (done < rows.count) {
    RowRange part = rows;
    part.count = std::min<uint64_t>(rows.count - done, kChunkRows - encoder_.rows());
    part.offset += done;
    if (part.listed) part.listed += done;
    encoder_.Append(vector, part);
    done += part.count;
    if (encoder_.rows() == kChunkRows) FlushChunk();
  }
  rows_ += rows.count;
}

void ContentKeyBuilder::FlushChunk() {
  encoder_.Flush(&pending_);
  if (pending_.size() < kHashBytes) return;
  hasher_.Update(pending_);
  pending_.clear();
}

Hash256 ContentKeyBuilder::Finish() {
  if (encoder_.rows() > 0) encoder_.Flush(&pending_);
  Encoder count;
  count.U64(rows_);
  pending_.append(count.bytes());
  hasher_.Update(pending_);
  return hasher_.Finish();
}

Hash256 ContentKeyOf(const model::Type& type, duckdb::Vector& vector, uint64_t rows) {
  ContentKeyBuilder builder(type);
  builder.Append(vector, {.offset = 0, .count = rows});
  return builder.Finish();
}

}  // namespace rhizo::table
