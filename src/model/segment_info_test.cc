#include "model/segment_info.h"

#include <gtest/gtest.h>

#include "model/testing/canonical.h"
#include "model/testing/samples.h"

namespace rhizo::model {
namespace {

SegmentInfo Sample() { return testing::SegmentInfoSamples()[0].second; }

TEST(SegmentInfo, OnlyItsOwnEncodingIsTaken) {
  testing::ExpectCanonical(Sample(), DecodeSegmentInfo);
}

TEST(SegmentInfo, FindsFieldsById) {
  SegmentInfo info = Sample();
  EXPECT_EQ(info.Find(4), &info.fields[1]);
  EXPECT_EQ(info.Find(5), nullptr);
}

TEST(SegmentInfo, BytesThatNoHashCoversAreOurBug) {
  SegmentInfo gap = Sample();
  gap.fields[1].chunk = {205, 399};
  EXPECT_DEATH(Encode(gap), "IsValid");
  SegmentInfo overlap = Sample();
  overlap.footer = {600, 400};
  EXPECT_DEATH(Encode(overlap), "IsValid");
}

TEST(SegmentInfo, MoreNullsThanRowsAreRefused) {
  SegmentInfo info = Sample();
  std::string bytes = Encode(info);
  size_t at = bytes.find("\x02\x5a\xcc");  // 2 NULLs, 90 distinct values, content key
  ASSERT_NE(at, std::string::npos);
  bytes[at] = static_cast<char>(info.rows + 1);
  EXPECT_EQ(DecodeSegmentInfo(bytes).error().code(), ErrorCode::kCorruption);
  info.fields[0].statistics.null_count = info.rows + 1;
  EXPECT_DEATH(Encode(info), "IsValid");
}

TEST(SegmentInfo, KeepsStatisticsOfEveryCombination) {
  for (int flags = 0; flags < 32; ++flags) {
    SegmentInfo info = Sample();
    auto& statistics = info.fields[0].statistics;
    if ((flags & 1) == 0) statistics.min = std::nullopt;
    if ((flags & 2) == 0) statistics.max = std::nullopt;
    statistics.min_exact = (flags & 4) != 0 && statistics.min;
    statistics.max_exact = (flags & 8) != 0 && statistics.max;
    if ((flags & 16) != 0) statistics.max_length = UINT32_MAX;
    ASSERT_EQ(*DecodeSegmentInfo(Encode(info)), info);
  }
}

TEST(SegmentInfo, LengthsThatNoStringHasAreRefused) {
  auto bytes = Encode(Sample());
  size_t at = bytes.find("\x10\xac\x02");  // greatest length: 300
  ASSERT_NE(at, std::string::npos);
  bytes.replace(at + 1, 2, "\x80\x80\x80\x80\x10");
  EXPECT_EQ(DecodeSegmentInfo(bytes).error().code(), ErrorCode::kCorruption);
}

TEST(SegmentInfo, AnotherKindOfObjectIsRefused) {
  EXPECT_FALSE(DecodeSegmentInfo(Encode(testing::CommitSamples()[0].second)));
}

}  // namespace
}  // namespace rhizo::model
