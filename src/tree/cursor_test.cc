#include "tree/cursor.h"

#include <gtest/gtest.h>

#include <iterator>

#include "tree/testing/maps.h"

namespace rhizo::tree {
namespace {

struct Fixture {
  explicit Fixture(const KeyDistribution& keys, size_t entries = 1500)
      : map(DrawMap(random, keys, entries)), root(BuildFrom(&store.staging, map)) {}

  Cursor NewCursor() { return Cursor(&store.staging, root.id); }

  std::mt19937_64 random{31};
  Store store;
  PlainMap map;
  Root root;
};

void ExpectAt(const Cursor& cursor, const PlainMap& map, PlainMap::const_iterator expected) {
  ASSERT_EQ(cursor.Valid(), expected != map.end());
  if (!cursor.Valid()) return;
  EXPECT_EQ(cursor.key(), expected->first);
  EXPECT_EQ(cursor.value(), expected->second.first);
  EXPECT_EQ(cursor.weight(), expected->second.second);
}

TEST(Cursor, GetFindsWhatIsThereAndNothingElse) {
  for (const KeyDistribution& keys : KeyDistributions()) {
    SCOPED_TRACE(keys.name);
    Fixture f(keys, 800);
    Tree tree(&f.store.staging, f.root.id);
    for (int i = 0; i < 600; ++i) {
      std::string key = keys.draw(f.random);
      auto found = f.map.find(key);
      auto got = tree.Get(key);
      ASSERT_TRUE(got.has_value());
      ASSERT_EQ(got->has_value(), found != f.map.end());
      if (found != f.map.end()) {
        ASSERT_EQ(**got, found->second.first);
      }
    }
    for (const auto& [key, entry] : f.map) ASSERT_EQ(tree.Get(key).value(), entry.first);
  }
}

TEST(Cursor, SeekFindsTheFirstKeyNotBelowAndTheLastNotAbove) {
  for (const KeyDistribution& keys : KeyDistributions()) {
    SCOPED_TRACE(keys.name);
    Fixture f(keys, 800);
    Cursor cursor = f.NewCursor();
    for (int i = 0; i < 1000; ++i) {
      std::string key = i == 0 ? "" : i == 1 ? std::string(9, '\xff') : keys.draw(f.random);
      ASSERT_TRUE(cursor.Seek(key));
      ExpectAt(cursor, f.map, f.map.lower_bound(key));
      ASSERT_TRUE(cursor.SeekAtOrBefore(key));
      auto after = f.map.upper_bound(key);
      ExpectAt(cursor, f.map, after == f.map.begin() ? f.map.end() : std::prev(after));
    }
  }
}

TEST(Cursor, WalkingBackwardsGivesTheSameEntriesInReverse) {
  Fixture f(KeyDistributions()[1]);
  Cursor cursor = f.NewCursor();
  ASSERT_TRUE(cursor.SeekToLast());
  for (auto expected = f.map.rbegin(); expected != f.map.rend(); ++expected) {
    ASSERT_TRUE(cursor.Valid());
    ASSERT_EQ(cursor.key(), expected->first);
    ASSERT_TRUE(cursor.Prev());
  }
  EXPECT_FALSE(cursor.Valid());
}

TEST(Cursor, StepsBothWaysFromAnyEntryAgreeWithTheMap) {
  Fixture f(KeyDistributions()[2]);
  Cursor cursor = f.NewCursor();
  for (int i = 0; i < 300; ++i) {
    auto expected = f.map.lower_bound(KeyDistributions()[2].draw(f.random));
    if (expected == f.map.end()) continue;
    ASSERT_TRUE(cursor.Seek(expected->first));
    for (int step = 0; step < 40 && cursor.Valid(); ++step) {
      bool forward = f.random() % 2;
      if (!forward && expected == f.map.begin()) continue;
      ASSERT_TRUE(forward ? cursor.Next() : cursor.Prev());
      forward ? ++expected : --expected;
      ExpectAt(cursor, f.map, expected);
    }
  }
}

TEST(Cursor, RankNumbersTheEntries) {
  Fixture f(KeyDistributions()[1]);
  Cursor cursor = f.NewCursor();
  uint64_t rank = 0;
  uint64_t weight = 0;
  for (auto expected = f.map.begin(); expected != f.map.end(); ++expected, ++rank) {
    ASSERT_TRUE(cursor.SeekToRank(rank));
    ExpectAt(cursor, f.map, expected);
    ASSERT_EQ(cursor.rank(), rank);
    ASSERT_EQ(cursor.weight_before(), weight);
    weight += expected->second.second;
  }
  ASSERT_TRUE(cursor.SeekToRank(rank));
  EXPECT_FALSE(cursor.Valid());
}

TEST(Cursor, EveryUnitOfWeightIsFoundInItsEntry) {
  Fixture f(KeyDistributions()[1], 700);
  for (auto& [key, entry] : f.map) entry.second %= 4;
  f.root = BuildFrom(&f.store.staging, f.map);
  Cursor cursor = f.NewCursor();
  uint64_t unit = 0;
  for (auto expected = f.map.begin(); expected != f.map.end(); ++expected) {
    for (uint64_t offset = 0; offset < expected->second.second; ++offset, ++unit) {
      auto found = cursor.SeekToWeight(unit);
      ASSERT_TRUE(found.has_value());
      ASSERT_EQ(*found, offset);
      ExpectAt(cursor, f.map, expected);
    }
  }
  EXPECT_EQ(unit, f.root.weight);
  ASSERT_TRUE(cursor.SeekToWeight(unit));
  EXPECT_FALSE(cursor.Valid());
}

TEST(Cursor, TheEmptyMapHasNoEntryAnywhere) {
  Store store;
  BuildFrom(&store.staging, {});
  for (const ObjectId& root : {EmptyRoot().id, ObjectId()}) {
    Cursor cursor(&store.staging, root);
    EXPECT_TRUE(cursor.SeekToFirst() && !cursor.Valid());
    EXPECT_TRUE(cursor.SeekToLast() && !cursor.Valid());
    EXPECT_TRUE(cursor.Seek("a") && !cursor.Valid());
    EXPECT_TRUE(cursor.SeekAtOrBefore("a") && !cursor.Valid());
    EXPECT_TRUE(cursor.SeekToRank(0) && !cursor.Valid());
    EXPECT_TRUE(cursor.SeekToWeight(0) && !cursor.Valid());
    EXPECT_EQ(Tree(&store.staging, root).Get("a").value(), std::nullopt);
    EXPECT_EQ(Tree(&store.staging, root).Describe().value(), EmptyRoot());
  }
}

TEST(Cursor, GetReadsOneNodeOfEachLevel) {
  Fixture f(KeyDistributions()[1], 100000);
  f.store.Publish(f.root);
  for (int i = 0; i < 100; ++i) {
    f.store.objects->ForgetReads();
    ASSERT_TRUE(Tree(f.store.objects.get(), f.root.id).Get(KeyDistributions()[1].draw(f.random)));
    EXPECT_LE(f.store.objects->reads(), 6u);
  }
}

}  // namespace
}  // namespace rhizo::tree
