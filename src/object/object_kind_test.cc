#include "object/object_kind.h"

#include <gtest/gtest.h>

namespace rhizo::object {
namespace {

bool Accepted(std::string_view bytes, ObjectKind kind, uint8_t max_version) {
  Decoder decoder(bytes);
  DecodeHeader(decoder, kind, max_version);
  return decoder.Finish("header").has_value();
}

std::string Header(ObjectKind kind, uint8_t version) {
  Encoder encoder;
  EncodeHeader(encoder, kind, version);
  return encoder.bytes();
}

TEST(ObjectKind, AHeaderIsMagicKindAndVersion) {
  EXPECT_EQ(Header(ObjectKind::kCommit, 3), std::string("RHZO\x06\x03", 6));
}

TEST(ObjectKind, AHeaderOfTheRightKindAndAKnownVersionIsAccepted) {
  EXPECT_TRUE(Accepted(Header(ObjectKind::kPatch, 2), ObjectKind::kPatch, 5));
}

TEST(ObjectKind, AnotherKindIsRefused) {
  EXPECT_FALSE(Accepted(Header(ObjectKind::kPatch, 1), ObjectKind::kRuns, 1));
}

TEST(ObjectKind, ANewerVersionAndVersionZeroAreRefused) {
  EXPECT_FALSE(Accepted(Header(ObjectKind::kPatch, 2), ObjectKind::kPatch, 1));
  EXPECT_FALSE(Accepted(Header(ObjectKind::kPatch, 0), ObjectKind::kPatch, 1));
}

TEST(ObjectKind, ShortOrForeignBytesAreRefused) {
  for (std::string bytes : {"", "RHZ", "RHZO", "RHZO\x01", "PAR1\x01\x01"}) {
    EXPECT_FALSE(Accepted(bytes, ObjectKind::kTreeNode, 9)) << bytes;
  }
}

}  // namespace
}  // namespace rhizo::object
