#include "tree/visit.h"

#include <gtest/gtest.h>

#include <unordered_set>

#include "tree/cursor.h"
#include "tree/diff.h"
#include "tree/node.h"
#include "tree/node_writer.h"
#include "tree/testing/maps.h"

namespace rhizo::tree {
namespace {

struct Fixture {
  Fixture() {
    map = DrawMap(random, KeyDistributions()[1], 2000);
    root = BuildFrom(&store.staging, map);
    store.Publish(root);
    store.objects->ForgetReads();
  }
  Tree tree() { return Tree(store.objects.get(), root.id); }

  std::mt19937_64 random{51};
  Store store;
  PlainMap map;
  Root root;
};

TEST(ForEachNode, ReachesEveryNodeOnceAndEveryEntryInOrder) {
  Fixture f;
  std::vector<ObjectId> nodes;
  PlainMap entries;
  ASSERT_TRUE(ForEachNode(
      f.tree(), [&](const ObjectId& id) { return nodes.push_back(id), true; },
      [&](const Item& item) {
        entries[std::string(item.key)] = {std::string(item.payload), item.weight};
        return Status();
      }));
  EXPECT_EQ(entries, f.map);
  EXPECT_EQ(nodes.size(), f.store.objects->size());
  EXPECT_EQ(std::unordered_set<ObjectId>(nodes.begin(), nodes.end()).size(), nodes.size());
}

TEST(ForEachNode, WithoutAnEntryVisitorNoLeafIsRead) {
  Fixture f;
  size_t nodes = 0;
  ASSERT_TRUE(ForEachNode(f.tree(), [&](const ObjectId&) { return ++nodes, true; }));
  EXPECT_EQ(nodes, f.store.objects->size());
  for (const ObjectId& id : f.store.objects->read()) {
    EXPECT_GT(Node::Decode(f.store.objects->objects().at(id)).value()->level(), 0);
  }
}

TEST(ForEachNode, BelowANodeSeenBeforeNothingIsRead) {
  Fixture f;
  std::unordered_set<ObjectId> seen;
  auto enter = [&](const ObjectId& id) { return seen.insert(id).second; };
  ASSERT_TRUE(ForEachNode(f.tree(), enter));
  f.store.objects->ForgetReads();
  ASSERT_TRUE(ForEachNode(f.tree(), enter));
  EXPECT_EQ(f.store.objects->reads(), 0u);
}

TEST(VerifyTree, AcceptsBuiltAndEditedTrees) {
  for (const KeyDistribution& keys : KeyDistributions()) {
    SCOPED_TRACE(keys.name);
    std::mt19937_64 random(52);
    Store store;
    PlainMap map = DrawMap(random, keys, 500);
    Root root = BuildFrom(&store.staging, map);
    root = Apply(&store.staging, root.id, DrawEdits(random, keys, map, 100)).value();
    EXPECT_TRUE(VerifyTree(Tree(&store.staging, root.id)));
  }
  Store store;
  EXPECT_TRUE(VerifyTree(Tree(&store.staging, ObjectId())));
}

TEST(VerifyTree, RefusesATreeWithBordersWhereTheRuleHasNone) {
  Store store;
  NodeWriter top(1);
  std::string keys[] = {"a", "b"};
  ObjectId ids[2];
  for (int i = 0; i < 2; ++i) {
    NodeWriter leaf(0);
    leaf.Add({.key = keys[i], .payload = "v", .weight = 1});
    ids[i] = store.objects->Add(leaf.Take().bytes);
    top.Add({.key = keys[i], .payload = ids[i].view(), .count = 1, .weight = 1});
  }
  Tree forged(store.objects.get(), store.objects->Add(top.Take().bytes));
  EXPECT_EQ(forged.Get("b").value(), "v");
  Status status = VerifyTree(forged);
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code(), ErrorCode::kCorruption);
}

// The same tree with its root changed by `change`, which gets the items of the root.
template <class Change>
Tree WithRoot(Fixture& f, Change change) {
  NodePtr root = Node::Decode(f.store.objects->objects().at(f.root.id)).value();
  std::vector<Item> items;
  for (size_t i = 0; i < root->size(); ++i) items.push_back(root->item(i));
  change(items);
  NodeWriter writer(root->level());
  for (const Item& item : items) writer.Add(item);
  return Tree(f.store.objects.get(), f.store.objects->Add(writer.Take().bytes));
}

void ExpectDamageIsFound(Fixture& f, const Tree& damaged) {
  auto corrupt = [](const auto& result) {
    return !result.has_value() && result.error().code() == ErrorCode::kCorruption;
  };
  EXPECT_TRUE(corrupt(VerifyTree(damaged)));
  EXPECT_TRUE(corrupt(Diff(f.tree(), damaged, [](const DiffEntry&) { return Status(); })));
  EXPECT_TRUE(corrupt(ForEachNode(
      damaged, [](const ObjectId&) { return true; }, [](const Item&) { return Status(); })));
  std::vector<Edit> erase_all;
  for (const auto& [key, entry] : f.map) erase_all.push_back({.key = key});
  object::Staging staging(f.store.objects);
  EXPECT_TRUE(corrupt(Apply(&staging, damaged.root(), erase_all)));
  std::string first_key = f.map.begin()->first;
  EXPECT_TRUE(corrupt(damaged.Get(first_key)));
}

TEST(DamagedTree, AChildSwappedWithItsNeighbourIsFound) {
  Fixture f;
  ExpectDamageIsFound(
      f, WithRoot(f, [](auto& items) { std::swap(items[0].payload, items[1].payload); }));
}

TEST(DamagedTree, AWrongCountOrWeightIsFound) {
  Fixture f;
  ExpectDamageIsFound(f, WithRoot(f, [](auto& items) { items[0].count += 1; }));
  ExpectDamageIsFound(f, WithRoot(f, [](auto& items) { items[0].weight += 1; }));
}

TEST(DamagedTree, AMissingChildIsFound) {
  Fixture f;
  std::string absent(32, 'x');
  ExpectDamageIsFound(f, WithRoot(f, [&](auto& items) { items[0].payload = absent; }));
}

TEST(DamagedTree, AChildOfTheWrongLevelIsFound) {
  Fixture f;
  NodePtr root = Node::Decode(f.store.objects->objects().at(f.root.id)).value();
  NodePtr child = Node::Decode(f.store.objects->objects().at(root->item(0).child())).value();
  ASSERT_GT(child->level(), 0);
  std::string grandchild(child->item(0).payload);
  uint64_t count = child->item(0).count;
  uint64_t weight = child->item(0).weight;
  ExpectDamageIsFound(f, WithRoot(f, [&](auto& items) {
                        items[0].payload = grandchild;
                        items[0].count = count;
                        items[0].weight = weight;
                      }));
}

TEST(DamagedTree, AChildThatReachesIntoTheNextIsFound) {
  Fixture f;
  std::string early;
  ExpectDamageIsFound(f, WithRoot(f, [&](auto& items) {
                        early = std::string(items[0].key) + '\0';
                        items[1].key = early;
                      }));
}

TEST(DamagedTree, AnInnerRootWithOneChildIsFound) {
  Fixture f;
  ExpectDamageIsFound(f, WithRoot(f, [](auto& items) { items.resize(1); }));
}

TEST(DamagedTree, ATreeTooHighToEditIsRefused) {
  Store store;
  NodeWriter leaf(0);
  leaf.Add({.key = "a", .payload = "v"});
  ObjectId id = store.objects->Add(leaf.Take().bytes);
  for (uint8_t level = 1; level <= kMaxLevel; ++level) {
    NodeWriter inner(level);
    inner.Add({.key = "a", .payload = id.view(), .count = 1});
    if (level == kMaxLevel) inner.Add({.key = "b", .payload = id.view(), .count = 1});
    id = store.objects->Add(inner.Take().bytes);
  }
  EXPECT_EQ(Tree(store.objects.get(), id).Get("a").value(), "v");
  auto applied = Apply(&store.staging, id, {{.key = "c", .value = "v"}});
  ASSERT_FALSE(applied.has_value());
  EXPECT_EQ(applied.error().code(), ErrorCode::kCorruption);
}

}  // namespace
}  // namespace rhizo::tree
