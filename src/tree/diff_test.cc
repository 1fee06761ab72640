#include "tree/diff.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <tuple>

#include "tree/testing/maps.h"

namespace rhizo::tree {
namespace {

using Value = std::optional<std::pair<std::string, uint64_t>>;

Value Find(const PlainMap& map, const std::string& key) {
  auto found = map.find(key);
  return found == map.end() ? std::nullopt : Value(found->second);
}

Value Seen(const std::optional<std::string_view>& value, uint64_t weight) {
  return value ? Value({std::string(*value), weight}) : std::nullopt;
}

// (key, the value in each map) wherever the maps are not all equal, in order.
using Differences = std::vector<std::pair<std::string, std::vector<Value>>>;

Differences Naive(const std::vector<const PlainMap*>& maps) {
  std::set<std::string> keys;
  for (const PlainMap* map : maps) {
    for (const auto& [key, entry] : *map) keys.insert(key);
  }
  Differences out;
  for (const std::string& key : keys) {
    std::vector<Value> values;
    for (const PlainMap* map : maps) values.push_back(Find(*map, key));
    bool differ = false;
    for (const Value& value : values) differ |= value != values[0];
    if (differ) out.push_back({key, values});
  }
  return out;
}

Differences DiffOf(object::ObjectReader* reader, const Root& a, const Root& b) {
  Differences out;
  Status status = Diff(Tree(reader, a.id), Tree(reader, b.id), [&](const DiffEntry& entry) {
    out.push_back(
        {std::string(entry.key),
         {Seen(entry.before, entry.before_weight), Seen(entry.after, entry.after_weight)}});
    return Status();
  });
  EXPECT_TRUE(status.has_value());
  return out;
}

Differences ThreeWayOf(object::ObjectReader* reader, const Root& base, const Root& ours,
                       const Root& theirs) {
  Differences out;
  Status status = ThreeWay(
      Tree(reader, base.id), Tree(reader, ours.id), Tree(reader, theirs.id),
      [&](const ThreeWayEntry& entry) {
        out.push_back({std::string(entry.key),
                       {Seen(entry.base, entry.base_weight), Seen(entry.ours, entry.ours_weight),
                        Seen(entry.theirs, entry.theirs_weight)}});
        return Status();
      });
  EXPECT_TRUE(status.has_value());
  return out;
}

struct Versions {
  Versions(const KeyDistribution& keys, uint64_t seed) : random(seed) {
    base = DrawMap(random, keys, 20 << random() % 7);
    ours = theirs = base;
    ApplyPlainly(&ours, DrawEdits(random, keys, base, random() % 60));
    ApplyPlainly(&theirs, DrawEdits(random, keys, base, random() % 60));
    if (random() % 4 == 0) theirs = ours;
    if (random() % 8 == 0) ours.clear();
    base_root = BuildFrom(&store.staging, base);
    our_root = BuildFrom(&store.staging, ours);
    their_root = BuildFrom(&store.staging, theirs);
  }

  std::mt19937_64 random;
  Store store;
  PlainMap base, ours, theirs;
  Root base_root, our_root, their_root;
};

TEST(Diff, FindsWhatANaiveComparisonFinds) {
  for (const KeyDistribution& keys : KeyDistributions()) {
    for (uint64_t seed = 1; seed <= 25; ++seed) {
      SCOPED_TRACE(keys.name + ", seed " + std::to_string(seed));
      Versions v(keys, seed);
      ASSERT_EQ(DiffOf(&v.store.staging, v.base_root, v.our_root), Naive({&v.base, &v.ours}));
      ASSERT_EQ(DiffOf(&v.store.staging, v.our_root, v.their_root), Naive({&v.ours, &v.theirs}));
    }
  }
}

TEST(ThreeWay, FindsWhatANaiveComparisonFinds) {
  for (const KeyDistribution& keys : KeyDistributions()) {
    for (uint64_t seed = 1; seed <= 25; ++seed) {
      SCOPED_TRACE(keys.name + ", seed " + std::to_string(seed));
      Versions v(keys, seed);
      ASSERT_EQ(ThreeWayOf(&v.store.staging, v.base_root, v.our_root, v.their_root),
                Naive({&v.base, &v.ours, &v.theirs}));
    }
  }
}

TEST(ThreeWay, SaysWhichSidesChanged) {
  Store store;
  Root base = BuildFrom(&store.staging, {{"a", {"1", 1}}, {"b", {"1", 1}}, {"c", {"1", 1}}});
  Root ours = BuildFrom(&store.staging, {{"a", {"1", 2}}, {"b", {"1", 1}}, {"c", {"2", 1}}});
  Root theirs = BuildFrom(&store.staging, {{"a", {"1", 1}}, {"c", {"2", 1}}});
  std::vector<std::tuple<std::string, bool, bool>> seen;
  ASSERT_TRUE(ThreeWay(Tree(&store.staging, base.id), Tree(&store.staging, ours.id),
                       Tree(&store.staging, theirs.id), [&](const ThreeWayEntry& entry) {
                         seen.emplace_back(entry.key, entry.ours_changed(), entry.theirs_changed());
                         return Status();
                       }));
  EXPECT_EQ(seen, (std::vector<std::tuple<std::string, bool, bool>>{
                      {"a", true, false}, {"b", false, true}, {"c", true, true}}));
}

TEST(Diff, EqualRootsAreNotEvenRead) {
  std::mt19937_64 random(41);
  Store store;
  Root root = BuildFrom(&store.staging, DrawMap(random, KeyDistributions()[1], 1000));
  store.Publish(root);
  store.objects->ForgetReads();
  EXPECT_TRUE(DiffOf(store.objects.get(), root, root).empty());
  EXPECT_TRUE(ThreeWayOf(store.objects.get(), root, root, root).empty());
  EXPECT_EQ(store.objects->reads(), 0u);
}

TEST(Diff, FewEditsOfALargeMapReadFewNodes) {
  std::mt19937_64 random(42);
  const KeyDistribution& keys = KeyDistributions()[1];
  Store store;
  PlainMap map = DrawMap(random, keys, 100000);
  Root root = BuildFrom(&store.staging, map);
  store.Publish(root);
  for (size_t edits : {1, 10, 100}) {
    Root edited = Apply(&store.staging, root.id, DrawEdits(random, keys, map, edits)).value();
    store.Publish(edited);
    Root other = Apply(&store.staging, root.id, DrawEdits(random, keys, map, edits)).value();
    store.Publish(other);
    store.objects->ForgetReads();
    EXPECT_LE(DiffOf(store.objects.get(), root, edited).size(), edits);
    EXPECT_LE(store.objects->reads(), edits * 16) << "six levels, two sides";
    store.objects->ForgetReads();
    ThreeWayOf(store.objects.get(), root, edited, other);
    EXPECT_LE(store.objects->reads(), edits * 40) << "six levels, three sides, two places";
  }
}

TEST(Diff, AnErrorOfTheVisitorEndsTheWalk) {
  Store store;
  Root one = BuildFrom(&store.staging, {{"a", {"1", 1}}, {"b", {"1", 1}}});
  Root none = BuildFrom(&store.staging, {});
  int calls = 0;
  Status status = Diff(Tree(&store.staging, one.id), Tree(&store.staging, none.id),
                       [&](const DiffEntry&) -> Status {
                         ++calls;
                         return Error(ErrorCode::kCancelled, "enough");
                       });
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace rhizo::tree
