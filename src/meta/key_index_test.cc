#include "meta/key_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "io/testing/temporary_directory.h"
#include "meta/meta_schema.h"

namespace rhizo::meta {
namespace {

class KeyIndexTest : public ::testing::Test {
 protected:
  KeyIndexTest() {
    CHECK(CreateSchema(*connection_, 4096).has_value());
    CHECK(connection_->PrepareStatements().has_value());
  }

  io::TemporaryDirectory directory_;
  std::unique_ptr<Connection> connection_ =
      Connection::Open(
          {.path = directory_.Path("x.db"), .vfs = "", .mode = OpenMode::kCreate, .sync = false})
          .value();
  StoreState state_;
  std::mt19937_64 random_{4};
};

TEST_F(KeyIndexTest, WhatWasAddedIsFoundHoweverTheTableGrows) {
  std::vector<IndexEntry> all;
  for (int batch = 0; batch < 12; ++batch) {
    std::vector<IndexEntry> added;
    for (uint64_t i = 0; i < 700; ++i) added.push_back({random_(), {all.size() + i, 7}});
    ASSERT_TRUE(AddEntries(*connection_, state_, added).has_value());
    all.insert(all.end(), added.begin(), added.end());
    for (size_t i = 0; i < all.size(); i += 13) {
      std::vector<Place> places;
      ASSERT_TRUE(FindPlaces(*connection_, state_, all[i].key, places).has_value());
      ASSERT_THAT(places, ::testing::ElementsAre(all[i].place));
    }
    std::vector<Place> none;
    ASSERT_TRUE(FindPlaces(*connection_, state_, random_(), none).has_value());
    EXPECT_TRUE(none.empty());
  }
  EXPECT_EQ(state_.entries, all.size());
  EXPECT_EQ(state_.buckets, (all.size() + kEntriesPerBucket - 1) / kEntriesPerBucket);
}

TEST_F(KeyIndexTest, EqualKeysKeepAllTheirPlaces) {
  ASSERT_TRUE(
      AddEntries(*connection_, state_, {{5, {2, 1}}, {5, {1, 9}}, {6, {3, 0}}}).has_value());
  ASSERT_TRUE(AddEntries(*connection_, state_, {{5, {4, 4}}}).has_value());
  std::vector<Place> places;
  ASSERT_TRUE(FindPlaces(*connection_, state_, 5, places).has_value());
  EXPECT_THAT(places, ::testing::ElementsAre(Place{1, 9}, Place{2, 1}, Place{4, 4}));
}

TEST_F(KeyIndexTest, KeysThatBeginAlikeLieInOneBucket) {
  std::vector<IndexEntry> entries;
  for (uint64_t i = 0; i < 5000; ++i) entries.push_back({random_(), {i, 0}});
  for (uint64_t i = 0; i < 5; ++i) entries.push_back({0xabcdef1000000000 | i << 30, {9000 + i, 0}});
  ASSERT_TRUE(AddEntries(*connection_, state_, entries).has_value());
  auto found = FindByPrefix(*connection_, state_, 0xabcdef1000000000, 28).value();
  EXPECT_EQ(found.size(), 5u);
  found = FindByPrefix(*connection_, state_, entries[77].key, 64).value();
  EXPECT_THAT(found, ::testing::ElementsAre(entries[77]));
}

TEST_F(KeyIndexTest, AMissingBucketIsCorruption) {
  std::vector<IndexEntry> entries;
  for (uint64_t i = 0; i < 500; ++i) entries.push_back({random_(), {i, 0}});
  ASSERT_TRUE(AddEntries(*connection_, state_, entries).has_value());
  ASSERT_TRUE(connection_->Execute("DELETE FROM buckets WHERE bucket = 3", "testing").has_value());
  int missing = 0;
  for (const IndexEntry& entry : entries) {
    std::vector<Place> places;
    Status found = FindPlaces(*connection_, state_, entry.key, places);
    EXPECT_EQ(found.has_value(), BucketOf(entry.key, state_.buckets) != 3);
    if (!found) {
      EXPECT_EQ(found.error().code(), ErrorCode::kCorruption);
      ++missing;
    }
  }
  EXPECT_GT(missing, 0);
}

TEST(BucketOf, IsStableUnlessItsBucketSplits) {
  std::mt19937_64 random(9);
  for (uint64_t buckets = 1; buckets < 300; ++buckets) {
    for (int i = 0; i < 50; ++i) {
      uint64_t key = random();
      uint64_t before = BucketOf(key, buckets), after = BucketOf(key, buckets + 1);
      EXPECT_LT(before, buckets);
      if (after != buckets) {
        EXPECT_EQ(after, before);
      } else {
        EXPECT_EQ(before, buckets - std::bit_floor(buckets));
      }
    }
  }
}

}  // namespace
}  // namespace rhizo::meta
