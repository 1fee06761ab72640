#include "tree/apply.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tree/builder.h"
#include "tree/testing/maps.h"
#include "tree/visit.h"

namespace rhizo::tree {
namespace {

Root ApplyTo(object::Staging* out, const Root& root, std::vector<Edit> edits) {
  auto applied = Apply(out, root.id, std::move(edits));
  EXPECT_TRUE(applied.has_value()) << applied.error().message();
  return applied ? *applied : Root();
}

Root RootOf(const PlainMap& map) {
  Store scratch;
  return BuildFrom(&scratch.staging, map);
}

class ApplyEdits : public testing::TestWithParam<KeyDistribution> {};

TEST_P(ApplyEdits, RandomEditsGiveTheTreeThatABulkBuildGives) {
  for (uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    Store store;
    PlainMap map = DrawMap(random, GetParam(), 30 << (seed % 6));
    Root root = BuildFrom(&store.staging, map);
    for (int round = 0; round < 40; ++round) {
      auto edits = DrawEdits(random, GetParam(), map, 1 << (random() % 8));
      ApplyPlainly(&map, edits);
      root = ApplyTo(&store.staging, root, std::move(edits));
      ASSERT_EQ(root, RootOf(map)) << "round " << round << ", " << map.size() << " entries";
    }
    EXPECT_EQ(ReadAll(&store.staging, root.id), map);
  }
}

TEST_P(ApplyEdits, EverySingleEraseAndPutAgainGivesTheTreesOfTheirContent) {
  std::mt19937_64 random(7);
  Store store;
  PlainMap map = DrawMap(random, GetParam(), 250);
  Root root = BuildFrom(&store.staging, map);
  for (const auto& [key, entry] : PlainMap(map)) {
    map.erase(key);
    Root without = ApplyTo(&store.staging, root, {{.key = key}});
    ASSERT_EQ(without, RootOf(map)) << "without a key of " << key.size() << " bytes";
    map[key] = entry;
    Edit put = {.key = key, .value = entry.first, .weight = entry.second};
    ASSERT_EQ(ApplyTo(&store.staging, without, {put}), root);
  }
}

TEST_P(ApplyEdits, TheOrderOfEditsLeavesNoTrace) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    PlainMap map = DrawMap(random, GetParam(), 300);
    std::vector<std::pair<std::string, std::pair<std::string, uint64_t>>> entries(map.begin(),
                                                                                  map.end());
    std::shuffle(entries.begin(), entries.end(), random);
    Store store;
    Root root = EmptyRoot();
    ASSERT_EQ(Builder(&store.staging).Finish().value(), root);
    for (const auto& [key, entry] : entries) {
      root = ApplyTo(&store.staging, root,
                     {{.key = key, .value = entry.first, .weight = entry.second}});
    }
    EXPECT_EQ(root, RootOf(map));
    std::shuffle(entries.begin(), entries.end(), random);
    for (const auto& [key, entry] : entries) root = ApplyTo(&store.staging, root, {{.key = key}});
    EXPECT_EQ(root, EmptyRoot());
  }
}

TEST_P(ApplyEdits, ErasingARangeGivesTheTreeOfTheRest) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 random(seed);
    Store store;
    PlainMap map = DrawMap(random, GetParam(), 1200);
    Root root = BuildFrom(&store.staging, map);
    size_t begin = seed % 3 == 0 ? 0 : random() % map.size();
    size_t end = seed % 3 == 1 ? map.size() : begin + random() % (map.size() - begin);
    std::vector<Edit> edits;
    size_t position = 0;
    for (const auto& [key, entry] : map) {
      if (position >= begin && position < end) edits.push_back({.key = key});
      ++position;
    }
    ApplyPlainly(&map, edits);
    ASSERT_EQ(ApplyTo(&store.staging, root, edits), RootOf(map)) << begin << " to " << end;
  }
}

INSTANTIATE_TEST_SUITE_P(Keys, ApplyEdits, testing::ValuesIn(KeyDistributions()),
                         [](const auto& info) {
                           std::string name = info.param.name;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

TEST(Apply, EditsThatChangeNothingKeepTheRoot) {
  std::mt19937_64 random(1);
  Store store;
  PlainMap map = DrawMap(random, KeyDistributions()[1], 500);
  Root root = BuildFrom(&store.staging, map);
  auto [key, entry] = *std::next(map.begin(), 250);
  EXPECT_EQ(ApplyTo(&store.staging, root, {}), root);
  EXPECT_EQ(ApplyTo(&store.staging, root, {{.key = "absent"}}), root);
  EXPECT_EQ(
      ApplyTo(&store.staging, root, {{.key = key, .value = entry.first, .weight = entry.second}}),
      root);
}

TEST(Apply, AWeightAloneIsAChange) {
  Store store;
  Root root = BuildFrom(&store.staging, {{"a", {"x", 1}}});
  Root heavier = ApplyTo(&store.staging, root, {{.key = "a", .value = "x", .weight = 2}});
  EXPECT_NE(heavier.id, root.id);
  EXPECT_EQ(heavier.weight, 2u);
}

TEST(Apply, TheZeroRootIsTheEmptyMap) {
  Store store;
  auto applied = Apply(&store.staging, ObjectId(), {{.key = "a", .value = "x", .weight = 1}});
  ASSERT_TRUE(applied.has_value());
  EXPECT_EQ(*applied, BuildFrom(&store.staging, {{"a", {"x", 1}}}));
  auto nothing = Apply(&store.staging, ObjectId(), {});
  ASSERT_TRUE(nothing.has_value());
  EXPECT_EQ(*nothing, EmptyRoot());
  EXPECT_NE(store.staging.Find(EmptyRoot().id), nullptr);
}

TEST(Apply, AChangedValueReadsAndStagesOneNodeOfEachLevel) {
  std::mt19937_64 random(3);
  Store store;
  PlainMap map = DrawMap(random, KeyDistributions()[1], 100000);
  Root root = BuildFrom(&store.staging, map);
  store.Publish(root);
  for (int round = 0; round < 50; ++round) {
    auto [key, entry] = *map.lower_bound(KeyDistributions()[1].draw(random));
    if (entry.first.size() > kLargeValueBytes) continue;
    store.objects->ForgetReads();
    Root changed = ApplyTo(&store.staging, root, {{.key = key, .value = "new", .weight = 1}});
    size_t levels = 0;
    ASSERT_TRUE(ForEachNode(
        Tree(&store.staging, changed.id),
        [&](const ObjectId& id) {
          bool fresh = store.staging.Find(id) != nullptr;
          levels += fresh;
          return fresh;
        },
        [](const Item&) { return Status(); }));
    EXPECT_LE(store.objects->read().size(), 7u);
    EXPECT_LE(levels, 6u);
    store.staging.Clear();
  }
}

TEST(Apply, ASingleEditReadsAFewNodesOfALargeMap) {
  std::mt19937_64 random(4);
  const KeyDistribution& keys = KeyDistributions()[1];
  Store store;
  PlainMap map = DrawMap(random, keys, 100000);
  Root root = BuildFrom(&store.staging, map);
  store.Publish(root);
  size_t total = 0;
  for (int round = 0; round < 300; ++round) {
    std::string key = keys.draw(random);
    Edit edit = {.key = key, .value = "new", .weight = 1};
    if (round % 2) edit = {.key = map.lower_bound(key)->first};
    store.objects->ForgetReads();
    ApplyTo(&store.staging, root, {edit});
    total += store.objects->read().size();
    EXPECT_LE(store.objects->read().size(), 40u);
  }
  EXPECT_LE(total, 300u * 9);
}

TEST(Apply, EditsOutOfOrderOrOverALimitAreRefused) {
  Store store;
  std::vector<std::vector<Edit>> wrong = {
      {{.key = "b", .value = "x"}, {.key = "a", .value = "x"}},
      {{.key = "a", .value = "x"}, {.key = "a"}},
      {{.key = std::string(kMaxKeyBytes + 1, 'k'), .value = "x"}},
      {{.key = "a", .value = std::string(kMaxValueBytes + 1, 'v')}},
      {{.key = "a", .value = "x", .weight = ~uint64_t{0}}, {.key = "b", .value = "x", .weight = 1}},
  };
  for (auto& edits : wrong) {
    auto applied = Apply(&store.staging, ObjectId(), std::move(edits));
    ASSERT_FALSE(applied.has_value());
    EXPECT_EQ(applied.error().code(), ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace rhizo::tree
