#include "table/patch.h"

#include "zstd.h"  // the engine's own copy

#include "base/coding.h"
#include "engine/types.h"
#include "model/schema_coding.h"
#include "object/object_kind.h"
#include "table/column_decoder.h"
#include "table/column_encoder.h"

namespace rhizo::table {
namespace {

using namespace duckdb_zstd;  // NOLINT(build/namespaces)

constexpr uint8_t kVersion = 1;
constexpr uint8_t kPlain = 0;
constexpr uint8_t kZstd = 1;
constexpr size_t kCompressAboveBytes = 4096;
constexpr int kLevel = 3;
constexpr uint64_t kMaxColumnBytes = uint64_t{256} << 20;  // of a compressed one

std::string Compress(std::string_view column) {
  std::string out(ZSTD_compressBound(column.size()), '\0');
  size_t size = ZSTD_compress(out.data(), out.size(), column.data(), column.size(), kLevel);
  CHECK(!ZSTD_isError(size));
  out.resize(size);
  return out;
}

void WriteColumn(Encoder* encoder, std::string_view column) {
  if (column.size() > kCompressAboveBytes && column.size() <= kMaxColumnBytes) {
    auto compressed = Compress(column);
    if (compressed.size() < column.size()) {
      encoder->U8(kZstd);
      encoder->U32(ZSTD_versionNumber());
      encoder->Varint(column.size());
      encoder->Raw(compressed);
      return;
    }
  }
  encoder->U8(kPlain);
  encoder->Raw(column);
}

// The column's bytes: `rest`, or decompressed into `buffer`.
std::string_view ReadColumn(Decoder* decoder, std::string* buffer) {
  uint8_t form = decoder->U8();
  if (form == kPlain) return decoder->Raw(decoder->remaining());
  decoder->U32();
  uint64_t length = decoder->Varint();
  auto compressed = decoder->Raw(decoder->remaining());
  bool announced = ZSTD_getFrameContentSize(compressed.data(), compressed.size()) == length;
  if (form != kZstd || length > kMaxColumnBytes || length <= kCompressAboveBytes || !announced) {
    decoder->Fail();
    return {};
  }
  buffer->resize(length);
  size_t size =
      ZSTD_decompress(buffer->data(), buffer->size(), compressed.data(), compressed.size());
  if (size != length) decoder->Fail();
  return *buffer;
}

}  // namespace

std::string EncodePatch(FieldId field, const model::Type& type, const model::PositionSet& slots,
                        duckdb::Vector& values) {
  CHECK(!slots.empty() && field > 0);
  Encoder encoder;
  object::EncodeHeader(encoder, object::ObjectKind::kPatch, kVersion);
  encoder.U32(static_cast<uint32_t>(field));
  model::Write(encoder, type);
  encoder.String(model::Encode(slots));
  ColumnEncoder column(type);
  column.Append(values, {.offset = 0, .count = slots.size()});
  std::string bytes;
  column.Flush(&bytes);
  WriteColumn(&encoder, bytes);
  return std::move(encoder).Take();
}

Result<Patch> DecodePatch(std::string_view bytes) {
  Decoder decoder(bytes);
  object::DecodeHeader(decoder, object::ObjectKind::kPatch, kVersion);
  auto field = static_cast<FieldId>(decoder.U32());
  auto type = model::ReadType(decoder);
  auto encoded_slots = decoder.String();
  std::string buffer;
  auto column_bytes = ReadColumn(&decoder, &buffer);
  RETURN_IF_ERROR(decoder.Finish("a patch"));
  ASSIGN_OR_RETURN(auto slots, model::DecodePositionSet(encoded_slots));
  // NULLs cost a bit each, so this also bounds what is allocated next.
  bool sane = !slots.empty() && field > 0 && slots.size() / 8 <= column_bytes.size() &&
              IsDecodable(type, slots.size());
  if (!sane) return Corruption("a patch is not well formed");
  duckdb::Vector values(engine::ToLogicalType(type), slots.size());
  Decoder column(column_bytes);
  DecodeColumn(type, &column, slots.size(), &values);
  RETURN_IF_ERROR(column.Finish("the values of a patch"));
  return Patch{field, std::move(type), std::move(slots), std::move(values)};
}

}  // namespace rhizo::table
