#include "model/segment_info.h"

#include <set>
#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "model/id_coding.h"
#include "model/position_set.h"
#include "model/schema_coding.h"
#include "object/object_kind.h"

namespace rhizo::model {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kMinFieldBytes = 4 + 2 * Hash256::kSize;
// "PAR1" before the data; length and "PAR1" at the end.
constexpr uint64_t kMinHeaderBytes = 4;
constexpr uint64_t kMinFooterBytes = 8;

bool RangesTile(const SegmentInfo& info) {
  uint64_t end = info.header.length;
  if (info.header.offset != 0 || end < kMinHeaderBytes) return false;
  for (const auto& field : info.fields) {
    if (field.chunk.offset != end || field.chunk.length == 0) return false;
    if (field.chunk.length > info.length_bytes - end) return false;
    end = field.chunk.end();
  }
  return info.footer.offset == end && info.footer.length >= kMinFooterBytes &&
         info.footer.length == info.length_bytes - end;
}

bool FieldsAreValid(const SegmentInfo& info) {
  std::set<FieldId> ids;
  for (const auto& field : info.fields) {
    if (field.id <= 0 || !ids.insert(field.id).second) return false;
    if (field.statistics.null_count > info.rows || !ValidateType(field.type)) return false;
  }
  return true;
}

bool IsValid(const SegmentInfo& info) {
  return info.rows >= 1 && info.rows <= kMaxSegmentRows && !info.fields.empty() &&
         info.header.length <= info.length_bytes && RangesTile(info) && FieldsAreValid(info);
}

void Write(Encoder& encoder, const FieldInfo& field) {
  encoder.Varint(static_cast<uint64_t>(field.id));
  Write(encoder, field.type);
  encoder.Varint(field.chunk.length);
  encoder.Raw(field.chunk_hash.view());
  Write(encoder, field.statistics);
}

// `begin`: where its chunk starts; advanced to where it ends.
FieldInfo ReadFieldInfo(Decoder& decoder, uint64_t rows, uint64_t length_bytes, uint64_t* begin) {
  FieldInfo field;
  field.id = ReadFieldId(decoder);
  field.type = ReadType(decoder);
  field.chunk = {*begin, decoder.Varint()};
  if (field.chunk.length > length_bytes - *begin) decoder.Fail();
  field.chunk_hash = ReadId<Hash256>(decoder);
  field.statistics = ReadColumnStatistics(decoder, rows);
  if (!decoder.failed()) *begin = field.chunk.end();
  return field;
}

}  // namespace

const FieldInfo* SegmentInfo::Find(FieldId field) const {
  for (const auto& info : fields) {
    if (info.id == field) return &info;
  }
  return nullptr;
}

std::string Encode(const SegmentInfo& info) {
  CHECK(IsValid(info));
  Encoder encoder;
  object::EncodeHeader(encoder, object::ObjectKind::kSegmentInfo, kVersion);
  encoder.Raw(info.segment.view());
  encoder.Varint(info.rows);
  encoder.Varint(info.length_bytes);
  encoder.Varint(info.header.length);
  encoder.Raw(info.rest_hash.view());
  encoder.Varint(info.fields.size());
  for (const auto& field : info.fields) Write(encoder, field);
  return std::move(encoder).Take();
}

Result<SegmentInfo> DecodeSegmentInfo(std::string_view bytes) {
  Decoder decoder(bytes);
  object::DecodeHeader(decoder, object::ObjectKind::kSegmentInfo, kVersion);
  SegmentInfo info;
  info.segment = ReadId<ObjectId>(decoder);
  info.rows = decoder.Varint();
  info.length_bytes = decoder.Varint();
  info.header = {0, decoder.Varint()};
  info.rest_hash = ReadId<Hash256>(decoder);
  if (info.header.length > info.length_bytes) decoder.Fail();
  uint64_t end = info.header.length;
  uint64_t count = decoder.Count(kMinFieldBytes);
  for (uint64_t i = 0; i < count && !decoder.failed(); ++i) {
    info.fields.push_back(ReadFieldInfo(decoder, info.rows, info.length_bytes, &end));
  }
  info.footer = {end, info.length_bytes - end};
  if (!decoder.failed() && !IsValid(info)) decoder.Fail();
  RETURN_IF_ERROR(decoder.Finish("a segment info"));
  return info;
}

}  // namespace rhizo::model
