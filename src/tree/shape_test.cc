// The shape that the border rule gives to trees: sizes of nodes, depth, and how far an edit
// reaches.
#include <gtest/gtest.h>

#include <algorithm>

#include "tree/border.h"
#include "tree/builder.h"
#include "tree/cursor.h"
#include "tree/node.h"
#include "tree/testing/maps.h"
#include "tree/visit.h"

namespace rhizo::tree {
namespace {

std::vector<NodePtr> NodesOf(object::ObjectReader* reader, const Root& root) {
  std::vector<NodePtr> nodes;
  Status status = ForEachNode(
      Tree(reader, root.id),
      [&](const ObjectId& id) {
        nodes.push_back(Node::Decode(reader->Read(id).value()).value());
        return true;
      },
      [](const Item&) { return Status(); });
  EXPECT_TRUE(status.has_value());
  return nodes;
}

size_t MedianBytes(const std::vector<NodePtr>& nodes, bool leaves) {
  std::vector<size_t> sizes;
  for (const NodePtr& node : nodes) {
    if (node->is_leaf() == leaves) sizes.push_back(node->bytes().size());
  }
  std::sort(sizes.begin(), sizes.end());
  return sizes[sizes.size() / 2];
}

class Shape : public testing::TestWithParam<KeyDistribution> {};

TEST_P(Shape, NodesAreBoundedAndTheTreeIsLow) {
  std::mt19937_64 random(11);
  Store store;
  PlainMap map = DrawMap(random, GetParam(), 6000);
  Root root = BuildFrom(&store.staging, map);
  auto nodes = NodesOf(&store.staging, root);
  EXPECT_LE(nodes[0]->level(), 13) << "log2 of the entries";
  for (const NodePtr& node : nodes) {
    ASSERT_LE(node->size(), LimitsOf(node->level()).max_items);
    ASSERT_LE(node->bytes().size(), 48u * 1024);
  }
}

INSTANTIATE_TEST_SUITE_P(Keys, Shape, testing::ValuesIn(KeyDistributions()), [](const auto& info) {
  std::string name = info.param.name;
  std::replace(name.begin(), name.end(), ' ', '_');
  return name;
});

TEST(TreeShape, NodesOfOrdinaryEntriesHaveAboutOneToFourKibibytes) {
  std::mt19937_64 random(12);
  Store store;
  Root root = BuildFrom(&store.staging, DrawMap(random, KeyDistributions()[1], 30000));
  auto nodes = NodesOf(&store.staging, root);
  EXPECT_GT(MedianBytes(nodes, true), 1024u);
  EXPECT_LT(MedianBytes(nodes, true), 4096u);
  EXPECT_GT(MedianBytes(nodes, false), 512u);
  EXPECT_LT(MedianBytes(nodes, false), 4096u);
  EXPECT_LE(nodes[0]->level(), 5);
}

TEST(TreeShape, AValueChangesWithoutMovingAnyBorder) {
  std::mt19937_64 random(13);
  Store store;
  PlainMap map = DrawMap(random, KeyDistributions()[1], 3000);
  for (auto& [key, entry] : map) entry.first = "short";
  auto before = NodesOf(&store.staging, BuildFrom(&store.staging, map));
  for (auto& [key, entry] : map) entry.first = std::string(kLargeValueBytes, 'l');
  auto after = NodesOf(&store.staging, BuildFrom(&store.staging, map));
  ASSERT_EQ(before.size(), after.size());
  for (size_t i = 0; i < before.size(); ++i) {
    ASSERT_EQ(before[i]->size(), after[i]->size());
    ASSERT_EQ(before[i]->key(0), after[i]->key(0));
  }
}

TEST(TreeShape, ALargeValueIsALeafOfItsOwn) {
  Store store;
  PlainMap map = {{"a", {"", 1}},
                  {"b", {std::string(kLargeValueBytes + 1, 'x'), 1}},
                  {"c", {"", 1}},
                  {"d", {"", 1}}};
  auto nodes = NodesOf(&store.staging, BuildFrom(&store.staging, map));
  ASSERT_EQ(nodes.size(), 4u);
  EXPECT_EQ(nodes[1]->size(), 1u);
  EXPECT_EQ(nodes[2]->key(0), "b");
  EXPECT_EQ(nodes[2]->size(), 1u);
  EXPECT_EQ(nodes[3]->size(), 2u);
}

TEST(TreeShape, AnInsertedKeyLeavesAlmostAllNodesAsTheyWere) {
  std::mt19937_64 random(14);
  const KeyDistribution& keys = KeyDistributions()[1];
  Store store;
  PlainMap map = DrawMap(random, keys, 5000);
  Root root = BuildFrom(&store.staging, map);
  store.Publish(root);
  size_t fresh = 0;
  for (int round = 0; round < 200; ++round) {
    Edit edit = {.key = keys.draw(random), .value = "new", .weight = 1};
    Root edited = Apply(&store.staging, root.id, {edit}).value();
    for (const NodePtr& node : NodesOf(&store.staging, edited)) {
      auto id = object::Staging(nullptr).Add(node->bytes());
      fresh += store.objects->objects().count(id) == 0;
    }
    store.staging.Clear();
  }
  EXPECT_LE(fresh, 200u * 6) << "nodes made by 200 inserts into trees of five levels or fewer";
}

TEST(TreeShape, RootsDependOnTheRuleThatIsWrittenDown) {
  // A change of the border rule or of the node format changes these: then it is another format.
  Store store;
  EXPECT_EQ(EmptyRoot().id.ToString(),
            "6fd2f77c1d7fe0e4f768e93d44cfb391f323549770379888af6bd670fd405f31");
  PlainMap map;
  for (int i = 0; i < 1000; ++i) {
    map["key " + std::to_string(i)] = {"value " + std::to_string(i), uint64_t(i)};
  }
  EXPECT_EQ(BuildFrom(&store.staging, map).id.ToString(),
            "ff87f33f3f46b6f24081860c8b15895b4de05984d665c4514f07600277b94144");
}

}  // namespace
}  // namespace rhizo::tree
