#include "model/database_state.h"

#include <gtest/gtest.h>

#include "model/testing/canonical.h"
#include "model/testing/samples.h"

namespace rhizo::model {
namespace {

TEST(QualifiedName, WithoutSchemaIsInTheDefaultOne) {
  auto name = QualifiedName::Parse("users");
  ASSERT_TRUE(name);
  EXPECT_EQ(*name, (QualifiedName{"main", "users"}));
  EXPECT_EQ(name->ToString(), "users");
}

TEST(QualifiedName, WithSchemaKeepsIt) {
  auto name = QualifiedName::Parse("s.users");
  ASSERT_TRUE(name);
  EXPECT_EQ(*name, (QualifiedName{"s", "users"}));
  EXPECT_EQ(name->ToString(), "s.users");
}

TEST(QualifiedName, RefusesMoreThanTwoPartsAndEmptyOnes) {
  for (const char* text : {"a.b.c", ".b", "a.", ".", "", "a/b", "a.b/c", "a..b"}) {
    auto name = QualifiedName::Parse(text);
    ASSERT_FALSE(name) << text;
    EXPECT_EQ(name.error().code(), ErrorCode::kInvalidName) << text;
  }
}

TEST(StateKey, OnlyItsOwnEncodingIsTaken) {
  for (const auto& [name, key] : testing::StateKeySamples()) {
    SCOPED_TRACE(name);
    testing::ExpectCanonical(key, DecodeStateKey);
  }
}

TEST(StateKey, ByteOrderIsTheOrderOfItsParts) {
  const StateKey kKeys[] = {{"main", StateKind::kTable, "a"},  {"main", StateKind::kTable, "ab"},
                            {"main", StateKind::kTable, "b"},  {"main", StateKind::kView, "a"},
                            {"main2", StateKind::kTable, "a"}, {"n", StateKind::kTable, "a"}};
  for (const auto& a : kKeys) {
    for (const auto& b : kKeys) EXPECT_EQ(Encode(a) < Encode(b), a < b);
  }
}

TEST(StateKey, NamesFromDiskAreValidatedToo) {
  EXPECT_FALSE(DecodeStateKey(std::string("main\0\1a/b", 9)));
  EXPECT_FALSE(DecodeStateKey(std::string("main\0\1..", 8)));
  EXPECT_FALSE(DecodeStateKey(std::string("main\0\x09t", 7)));
  EXPECT_TRUE(DecodeStateKey(std::string("main\0\1t", 7)));
}

TEST(StateEntry, OnlyItsOwnEncodingIsTaken) {
  testing::ExpectCanonical(testing::StateEntrySamples()[0].second, DecodeStateEntry);
}

}  // namespace
}  // namespace rhizo::model
