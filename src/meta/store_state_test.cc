#include "meta/store_state.h"

#include <gtest/gtest.h>

#include "io/testing/temporary_directory.h"
#include "meta/sqlite_meta_store.h"

namespace rhizo::meta {
namespace {

TEST(TableSum, DoesNotDependOnOrderAndForgetsWhatWasRemoved) {
  Hash256 a = Blake3("a"), b = Blake3("b"), c = Blake3("c");
  TableSum one, two;
  for (const auto& hash : {a, b, c}) one.Add(hash);
  for (const auto& hash : {c, b, a}) two.Add(hash);
  EXPECT_EQ(one, two);
  two.Remove(b);
  EXPECT_NE(one, two);
  TableSum three;
  three.Add(a);
  three.Add(c);
  EXPECT_EQ(two, three);
  three.Remove(a);
  three.Remove(c);
  EXPECT_EQ(three, TableSum{});
}

TEST(TableSum, CarriesAcrossAllBytes) {
  Hash256 ones, one;
  ones.bytes.fill(0xff);
  one.bytes[0] = 1;
  TableSum sum;
  sum.Add(ones);
  sum.Add(one);
  Encoder encoded;
  sum.EncodeTo(encoded);
  EXPECT_EQ(encoded.bytes().substr(8), std::string(32, '\0'));
  sum.Remove(one);
  TableSum expected;
  expected.Add(ones);
  EXPECT_EQ(sum, expected);
}

TEST(StoreState, ComesBackAndHasAlwaysTheSameLength) {
  StoreState state{.last_seq = 9,
                   .folded_seq = 4,
                   .buckets = 3,
                   .entries = 150,
                   .log = {},
                   .refs = {},
                   .has_unsynced = true};
  state.log.Add(Blake3("x"));
  EXPECT_EQ(StoreState::Decode(state.Encode()).value(), state);
  EXPECT_EQ(state.Encode().size(), StoreState{}.Encode().size());
  state.folded_seq = 10;
  EXPECT_EQ(StoreState::Decode(state.Encode()).error().code(), ErrorCode::kCorruption);
}

TEST(StoreState, HasNoMoreBucketsThanItsEntriesFill) {
  StoreState state{.last_seq = 9,
                   .folded_seq = 4,
                   .buckets = uint64_t{1} << 63,
                   .entries = 150,
                   .log = {},
                   .refs = {},
                   .has_unsynced = false};
  EXPECT_EQ(StoreState::Decode(state.Encode()).error().code(), ErrorCode::kCorruption);
}

class FeatureTest : public ::testing::Test {
 protected:
  // Gives the database another format row.
  void SetFormat(const StoreFormat& format) {
    SqliteMetaStore::Create(directory_.path(), {}).value().reset();
    auto connection = Connection::Open({.path = directory_.Path("rhizo.db"),
                                        .vfs = "",
                                        .mode = OpenMode::kReadWrite,
                                        .sync = true})
                          .value();
    ASSERT_TRUE(connection->PrepareStatements().has_value());
    SealedRow row = SealFormat(format);
    ASSERT_TRUE(connection->write_row.Bind(1, 0).Bind(2, row.bytes).Run("testing").has_value());
    std::string version = "PRAGMA user_version=" + std::to_string(format.number);
    ASSERT_TRUE(connection->Execute(version.c_str(), "testing").has_value());
  }
  Status Open(bool read_only) {
    auto store = SqliteMetaStore::Open(directory_.path(), {.read_only = read_only});
    return store ? Status() : Status(store.error());
  }

  io::TemporaryDirectory directory_;
};

TEST_F(FeatureTest, AnUnknownFeatureThatMayBeIgnoredIsIgnored) {
  SetFormat({.number = 0,
             .ignore_if_unknown = {"sparkles"},
             .read_only_if_unknown = {},
             .refuse_if_unknown = {}});
  EXPECT_TRUE(Open(false).has_value());
}

TEST_F(FeatureTest, AnUnknownFeatureMayForbidWriting) {
  SetFormat({.number = 0,
             .ignore_if_unknown = {},
             .read_only_if_unknown = {"sums"},
             .refuse_if_unknown = {}});
  EXPECT_TRUE(Open(true).has_value());
  Status opened = Open(false);
  EXPECT_EQ(opened.error().code(), ErrorCode::kUnsupported);
  EXPECT_EQ(opened.error().field("feature"), "sums");
}

TEST_F(FeatureTest, AnUnknownFeatureMayForbidReading) {
  SetFormat({.number = 0,
             .ignore_if_unknown = {},
             .read_only_if_unknown = {},
             .refuse_if_unknown = {"cipher"}});
  EXPECT_EQ(Open(true).error().code(), ErrorCode::kUnsupported);
}

TEST_F(FeatureTest, ANewerFormatIsRefused) {
  SetFormat(
      {.number = 7, .ignore_if_unknown = {}, .read_only_if_unknown = {}, .refuse_if_unknown = {}});
  Status opened = Open(true);
  EXPECT_EQ(opened.error().code(), ErrorCode::kUnsupported);
  EXPECT_NE(opened.error().message().find("7"), std::string::npos);
}

}  // namespace
}  // namespace rhizo::meta
