#include "table/row_block.h"

#include "base/coding.h"
#include "engine/types.h"
#include "model/schema_coding.h"
#include "object/object_kind.h"
#include "table/column_decoder.h"

namespace rhizo::table {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kMaxVarintBytes = 3;  // of a length up to kMaxRowBlockBytes

Error BadBlock(std::string_view what) { return Corruption("a row block " + std::string(what)); }

RowBlockColumn ReadColumnHeader(Decoder* decoder, uint64_t* length) {
  RowBlockColumn column;
  column.id = static_cast<FieldId>(decoder->U32());
  column.type = model::ReadType(*decoder);
  *length = decoder->Varint();
  if (column.id <= 0) decoder->Fail();
  return column;
}

}  // namespace

RowBlockEncoder::RowBlockEncoder(const model::Schema& schema) : schema_(schema) {
  Encoder header;
  for (const auto& field : schema.fields) {
    columns_.emplace_back(field.type);
    header.U32(static_cast<uint32_t>(field.id));
    model::Write(header, field.type);
  }
  header_bytes_ = 16 + header.size() + schema.fields.size() * kMaxVarintBytes;
}

void RowBlockEncoder::Append(duckdb::DataChunk& rows, duckdb::idx_t offset, duckdb::idx_t count) {
  for (size_t i = 0; i < columns_.size(); ++i) {
    columns_[i].Append(rows.data[i], {.offset = offset, .count = count});
  }
  rows_ += count;
}

bool RowBlockEncoder::Fits() const {
  if (rows_ > kMaxRowBlockRows) return false;
  size_t size = header_bytes_;
  for (const auto& column : columns_) {
    size += column.size_bytes();
    if (column.array_items() > kMaxArrayItems) return false;
  }
  return size <= kMaxRowBlockBytes;
}

std::string RowBlockEncoder::Finish() {
  CHECK(rows_ > 0 && Fits());
  Encoder encoder;
  object::EncodeHeader(encoder, object::ObjectKind::kRowBlock, kVersion);
  encoder.Varint(rows_);
  encoder.Varint(columns_.size());
  std::string columns;
  for (size_t i = 0; i < columns_.size(); ++i) {
    size_t begin = columns.size();
    columns_[i].Flush(&columns);
    encoder.U32(static_cast<uint32_t>(schema_.fields[i].id));
    model::Write(encoder, schema_.fields[i].type);
    encoder.Varint(columns.size() - begin);
  }
  encoder.Raw(columns);
  rows_ = 0;
  return std::move(encoder).Take();
}

Result<RowBlock> OpenRowBlock(object::ObjectBytes bytes) {
  if (bytes->size() > kMaxRowBlockBytes) return BadBlock("is too large");
  Decoder decoder(*bytes);
  object::DecodeHeader(decoder, object::ObjectKind::kRowBlock, kVersion);
  RowBlock block;
  block.bytes = bytes;
  uint64_t rows = decoder.Varint();
  if (rows == 0 || rows > kMaxRowBlockRows) decoder.Fail();
  block.rows = static_cast<uint32_t>(rows);
  uint64_t fields = decoder.Count(6);
  if (fields == 0) decoder.Fail();
  std::vector<uint64_t> lengths;
  for (uint64_t i = 0; i < fields && !decoder.failed(); ++i) {
    block.columns.push_back(ReadColumnHeader(&decoder, &lengths.emplace_back()));
  }
  for (size_t i = 0; i < lengths.size() && !decoder.failed(); ++i) {
    block.columns[i].bytes = decoder.Raw(lengths[i]);
  }
  RETURN_IF_ERROR(decoder.Finish("a row block"));
  return block;
}

Result<duckdb::Vector> DecodeColumnOf(const RowBlock& block, size_t column) {
  const auto& from = block.columns[column];
  if (!IsDecodable(from.type, block.rows)) return BadBlock("holds too large arrays");
  duckdb::Vector out(engine::ToLogicalType(from.type), block.rows);
  Decoder decoder(from.bytes);
  DecodeColumn(from.type, &decoder, block.rows, &out);
  RETURN_IF_ERROR(decoder.Finish("column " + std::to_string(from.id) + " of a row block"));
  return out;
}

}  // namespace rhizo::table
