#include "object/object_kind.h"

#include <gtest/gtest.h>

namespace rhizo::object {
namespace {

std::string Header(ObjectKind kind, uint8_t version) {
  Encoder encoder;
  EncodeHeader(encoder, kind, version);
  return encoder.bytes();
}

Result<uint8_t> Decode(std::string_view bytes, ObjectKind kind, uint8_t max_version) {
  Decoder decoder(bytes);
  return DecodeHeader(decoder, kind, max_version);
}

TEST(ObjectKind, AHeaderIsMagicKindAndVersion) {
  EXPECT_EQ(Header(ObjectKind::kCommit, 3), std::string("RHZO\x06\x03", 6));
}

TEST(ObjectKind, AHeaderComesBackWithItsVersion) {
  auto version = Decode(Header(ObjectKind::kPatch, 2), ObjectKind::kPatch, 5);
  ASSERT_TRUE(version.has_value());
  EXPECT_EQ(*version, 2);
}

TEST(ObjectKind, AnotherKindIsCorruption) {
  auto version = Decode(Header(ObjectKind::kPatch, 0), ObjectKind::kRuns, 0);
  ASSERT_FALSE(version.has_value());
  EXPECT_EQ(version.error().code(), ErrorCode::kCorruption);
}

TEST(ObjectKind, ANewerVersionIsUnsupported) {
  auto version = Decode(Header(ObjectKind::kPatch, 1), ObjectKind::kPatch, 0);
  ASSERT_FALSE(version.has_value());
  EXPECT_EQ(version.error().code(), ErrorCode::kUnsupported);
}

TEST(ObjectKind, ShortOrForeignBytesAreCorruption) {
  for (std::string bytes : {"", "RHZ", "RHZO", "RHZO\x01", "PAR1\x01\x01"}) {
    auto version = Decode(bytes, ObjectKind::kTreeNode, 9);
    ASSERT_FALSE(version.has_value()) << bytes;
    EXPECT_EQ(version.error().code(), ErrorCode::kCorruption) << bytes;
  }
}

}  // namespace
}  // namespace rhizo::object
