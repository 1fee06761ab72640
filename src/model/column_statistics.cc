#include "model/column_statistics.h"

#include "base/check.h"

namespace rhizo::model {
namespace {

enum : uint8_t { kMin = 1, kMax = 2, kMinExact = 4, kMaxExact = 8, kMaxLength = 16 };
constexpr uint8_t kAllFlags = 31;
constexpr uint64_t kGreatestLength = UINT32_MAX;

}  // namespace

void Write(Encoder& encoder, const ColumnStatistics& statistics) {
  CHECK(statistics.min || !statistics.min_exact);
  CHECK(statistics.max || !statistics.max_exact);
  CHECK(statistics.max_length.value_or(0) <= kGreatestLength);
  encoder.U8((statistics.min ? kMin : 0) | (statistics.max ? kMax : 0) |
             (statistics.min_exact ? kMinExact : 0) | (statistics.max_exact ? kMaxExact : 0) |
             (statistics.max_length ? kMaxLength : 0));
  if (statistics.min) encoder.String(*statistics.min);
  if (statistics.max) encoder.String(*statistics.max);
  if (statistics.max_length) encoder.Varint(*statistics.max_length);
  encoder.Varint(statistics.null_count);
  encoder.Varint(statistics.distinct_estimate);
  encoder.Raw(statistics.content_key.view());
}

ColumnStatistics ReadColumnStatistics(Decoder& decoder, uint64_t rows) {
  ColumnStatistics statistics;
  uint8_t flags = decoder.U8();
  statistics.min_exact = flags & kMinExact;
  statistics.max_exact = flags & kMaxExact;
  if (flags & kMin) statistics.min = std::string(decoder.String());
  if (flags & kMax) statistics.max = std::string(decoder.String());
  if (flags & kMaxLength) statistics.max_length = decoder.Varint();
  statistics.null_count = decoder.Varint();
  statistics.distinct_estimate = decoder.Varint();
  auto key = decoder.Raw(Hash256::kSize);
  bool good = flags <= kAllFlags && (statistics.min || !statistics.min_exact) &&
              (statistics.max || !statistics.max_exact) && statistics.null_count <= rows &&
              statistics.max_length.value_or(0) <= kGreatestLength;
  if (!good) decoder.Fail();
  if (!decoder.failed()) statistics.content_key = Hash256::FromBytes(key);
  return statistics;
}

}  // namespace rhizo::model
