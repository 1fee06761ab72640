#include "tree/builder.h"

#include <gtest/gtest.h>

#include "tree/testing/maps.h"

namespace rhizo::tree {
namespace {

ErrorCode CodeOf(const Status& status) {
  return status ? ErrorCode::kUnsupported : status.error().code();
}

TEST(Builder, EveryEntryComesBackWithValueAndWeight) {
  for (const KeyDistribution& keys : KeyDistributions()) {
    SCOPED_TRACE(keys.name);
    std::mt19937_64 random(21);
    Store store;
    PlainMap map = DrawMap(random, keys, 1500);
    Root root = BuildFrom(&store.staging, map);
    EXPECT_EQ(ReadAll(&store.staging, root.id), map);
  }
}

TEST(Builder, TheRootCountsEntriesAndAddsWeights) {
  Store store;
  Root root = BuildFrom(&store.staging, {{"a", {"", 3}}, {"b", {"", 0}}, {"c", {"", 4}}});
  EXPECT_EQ(root.count, 3u);
  EXPECT_EQ(root.weight, 7u);
  EXPECT_EQ(Tree(&store.staging, root.id).Describe().value(), root);
}

TEST(Builder, NothingAddedIsTheEmptyMap) {
  Store store;
  EXPECT_EQ(Builder(&store.staging).Finish().value(), EmptyRoot());
  EXPECT_NE(store.staging.Find(EmptyRoot().id), nullptr);
  EXPECT_TRUE(ReadAll(&store.staging, EmptyRoot().id).empty());
}

TEST(Builder, KeysThatDoNotAscendAreRefused) {
  Store store;
  Builder builder(&store.staging);
  ASSERT_TRUE(builder.Add("b", ""));
  EXPECT_EQ(CodeOf(builder.Add("b", "")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(builder.Add("a", "")), ErrorCode::kInvalidArgument);
}

TEST(Builder, TheEmptyKeyMayBeTheFirst) {
  Store store;
  Builder builder(&store.staging);
  EXPECT_TRUE(builder.Add("", "v"));
  EXPECT_EQ(CodeOf(builder.Add("", "v")), ErrorCode::kInvalidArgument);
}

TEST(Builder, LengthsAtTheLimitAreTakenAndOverItRefused) {
  Store store;
  Builder builder(&store.staging);
  EXPECT_TRUE(builder.Add(std::string(kMaxKeyBytes, 'a'), std::string(kMaxValueBytes, 'v')));
  EXPECT_EQ(CodeOf(builder.Add(std::string(kMaxKeyBytes + 1, 'b'), "")),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(builder.Add("b", std::string(kMaxValueBytes + 1, 'v'))),
            ErrorCode::kInvalidArgument);
}

TEST(Builder, WeightsBeyond64BitsAreRefused) {
  Store store;
  Builder builder(&store.staging);
  ASSERT_TRUE(builder.Add("a", "", ~uint64_t{0}));
  EXPECT_EQ(CodeOf(builder.Add("b", "", 1)), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace rhizo::tree
