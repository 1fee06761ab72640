#include "model/column_statistics.h"

#include "base/check.h"

namespace rhizo::model {
namespace {

enum : uint8_t { kMin = 1, kMax = 2, kMinExact = 4, kMaxExact = 8 };
constexpr uint8_t kAllFlags = 15;

}  // namespace

void Write(Encoder& encoder, const ColumnStatistics& statistics) {
  CHECK(statistics.min || !statistics.min_exact);
  CHECK(statistics.max || !statistics.max_exact);
  encoder.U8((statistics.min ? kMin : 0) | (statistics.max ? kMax : 0) |
             (statistics.min_exact ? kMinExact : 0) | (statistics.max_exact ? kMaxExact : 0));
  if (statistics.min) encoder.String(*statistics.min);
  if (statistics.max) encoder.String(*statistics.max);
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
  statistics.null_count = decoder.Varint();
  statistics.distinct_estimate = decoder.Varint();
  auto key = decoder.Raw(Hash256::kSize);
  bool good = flags <= kAllFlags && (statistics.min || !statistics.min_exact) &&
              (statistics.max || !statistics.max_exact) && statistics.null_count <= rows;
  if (!good) decoder.Fail();
  if (!decoder.failed()) statistics.content_key = Hash256::FromBytes(key);
  return statistics;
}

}  // namespace rhizo::model
