#include "base/coding.h"

#include <gtest/gtest.h>

#include <limits>

namespace rhizo {
namespace {

TEST(Coding, EveryKindOfValueComesBackAsWritten) {
  Encoder encoder;
  encoder.U8(7);
  encoder.U16(65535);
  encoder.U32(0x01020304);
  encoder.U64(std::numeric_limits<uint64_t>::max());
  encoder.Varint(300);
  encoder.SignedVarint(std::numeric_limits<int64_t>::min());
  encoder.Bool(true);
  encoder.String("grüße");
  Decoder decoder(encoder.bytes());
  EXPECT_EQ(decoder.U8(), 7);
  EXPECT_EQ(decoder.U16(), 65535);
  EXPECT_EQ(decoder.U32(), 0x01020304u);
  EXPECT_EQ(decoder.U64(), std::numeric_limits<uint64_t>::max());
  EXPECT_EQ(decoder.Varint(), 300u);
  EXPECT_EQ(decoder.SignedVarint(), std::numeric_limits<int64_t>::min());
  EXPECT_TRUE(decoder.Bool());
  EXPECT_EQ(decoder.String(), "grüße");
  EXPECT_TRUE(decoder.Finish("test").has_value());
}

TEST(Coding, AVarintThatIsNotMinimalIsRefused) {
  Decoder decoder(std::string_view("\x80\x00", 2));
  decoder.Varint();
  EXPECT_TRUE(decoder.failed());
}

TEST(Coding, ACountLargerThanTheInputCanHoldIsRefused) {
  Encoder encoder;
  encoder.Varint(uint64_t{1} << 40);
  Decoder decoder(encoder.bytes());
  EXPECT_EQ(decoder.Count(), 0u);
  EXPECT_TRUE(decoder.failed());
}

TEST(Coding, BytesBeyondTheInputAreRefused) {
  Decoder decoder("abc");
  EXPECT_EQ(decoder.Raw(4), "");
  EXPECT_TRUE(decoder.failed());
}

TEST(Coding, AStringLongerThanTheInputIsRefused) {
  Encoder encoder;
  encoder.Varint(uint64_t{1} << 40);
  encoder.Raw("ab");
  Decoder decoder(encoder.bytes());
  EXPECT_EQ(decoder.String(), "");
  EXPECT_TRUE(decoder.failed());
}

TEST(Coding, LeftOverBytesAreCorruption) {
  Decoder decoder("ab");
  decoder.U8();
  auto status = decoder.Finish("test");
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code(), ErrorCode::kCorruption);
}

}  // namespace
}  // namespace rhizo
