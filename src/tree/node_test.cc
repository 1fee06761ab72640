#include "tree/node.h"

#include <gtest/gtest.h>

#include <random>

#include "base/blake3.h"
#include "object/object_kind.h"
#include "tree/border.h"
#include "tree/node_writer.h"

namespace rhizo::tree {
namespace {

Result<NodePtr> Decode(std::string bytes) {
  return Node::Decode(std::make_shared<const std::string>(std::move(bytes)));
}

std::string Encode(uint8_t level, const std::vector<Item>& items) {
  NodeWriter writer(level);
  for (const Item& item : items) writer.Add(item);
  return writer.Take().bytes;
}

std::string EncodeAgain(const Node& node) {
  NodeWriter writer(node.level());
  for (size_t i = 0; i < node.size(); ++i) writer.Add(node.item(i));
  return writer.Take().bytes;
}

void ExpectCorrupt(std::string bytes) {
  auto node = Decode(std::move(bytes));
  ASSERT_FALSE(node.has_value());
  EXPECT_EQ(node.error().code(), ErrorCode::kCorruption);
}

const std::string kChildA(32, 'A');
const std::string kChildB(32, 'B');

std::string SampleLeaf() {
  return Encode(0, {{.key = "", .payload = "empty key", .weight = 0},
                    {.key = "apple", .payload = "", .weight = 7},
                    {.key = "applepie", .payload = std::string(300, 'x'), .weight = 1},
                    {.key = "apricot", .payload = "y", .weight = uint64_t{1} << 40},
                    {.key = "b", .payload = "z", .weight = 3}});
}

std::string SampleInner() {
  return Encode(3, {{.key = "k1", .payload = kChildA, .count = 5, .weight = 50},
                    {.key = "k2", .payload = kChildB, .count = 300, .weight = 0},
                    {.key = "m", .payload = kChildA, .count = 1, .weight = 9}});
}

// A node by hand: header, level, items, then whatever the test wants.
Encoder Raw(uint8_t level, uint64_t items) {
  Encoder encoder;
  object::EncodeHeader(encoder, object::ObjectKind::kTreeNode, kTreeNodeVersion);
  encoder.U8(level);
  encoder.Varint(items);
  return encoder;
}

void RawLeafItem(Encoder& encoder, uint64_t shared, std::string_view rest) {
  encoder.Varint(shared);
  encoder.String(rest);
  encoder.Varint(1);
  encoder.String("v");
}

void RawInnerItem(Encoder& encoder, std::string_view key, uint64_t count, uint64_t weight) {
  encoder.Varint(0);
  encoder.String(key);
  encoder.Raw(kChildA);
  encoder.Varint(count);
  encoder.Varint(weight);
}

TEST(Node, ALeafComesBackAsWritten) {
  auto node = Decode(SampleLeaf());
  ASSERT_TRUE(node.has_value());
  EXPECT_EQ((*node)->size(), 5u);
  EXPECT_EQ((*node)->key(2), "applepie");
  EXPECT_EQ((*node)->item(3),
            (Item{.key = "apricot", .payload = "y", .weight = uint64_t{1} << 40}));
  EXPECT_EQ((*node)->count(), 5u);
  EXPECT_EQ((*node)->weight(), (uint64_t{1} << 40) + 11);
}

TEST(Node, AnInnerNodeComesBackAsWritten) {
  auto node = Decode(SampleInner());
  ASSERT_TRUE(node.has_value());
  EXPECT_EQ((*node)->level(), 3);
  EXPECT_EQ((*node)->item(1), (Item{.key = "k2", .payload = kChildB, .count = 300, .weight = 0}));
  EXPECT_EQ((*node)->count(), 306u);
  EXPECT_EQ((*node)->weight_before(2), 50u);
}

TEST(Node, KeysAreFoundByPlaceInTheOrder) {
  auto node = Decode(SampleLeaf()).value();
  EXPECT_EQ(node->LowerBound(""), 0u);
  EXPECT_EQ(node->LowerBound("apple"), 1u);
  EXPECT_EQ(node->LowerBound("applf"), 3u);
  EXPECT_EQ(node->LowerBound("c"), 5u);
  EXPECT_EQ(node->Covering("applf"), 2u);
  EXPECT_EQ(node->Covering("b"), 4u);
  EXPECT_EQ(node->Covering("zzz"), 4u);
}

TEST(Node, RankAndWeightFindTheItemThatHoldsThem) {
  auto node = Decode(SampleInner()).value();
  EXPECT_EQ(node->HoldingRank(4), 0u);
  EXPECT_EQ(node->HoldingRank(5), 1u);
  EXPECT_EQ(node->HoldingRank(305), 2u);
  EXPECT_EQ(node->HoldingRank(306), 3u);
  EXPECT_EQ(node->HoldingWeight(49), 0u);
  EXPECT_EQ(node->HoldingWeight(50), 2u) << "an item without weight holds nothing";
  EXPECT_EQ(node->HoldingWeight(59), 3u);
}

TEST(Node, OnlyTheLeafOfTheEmptyMapHasNoItems) {
  EXPECT_TRUE(Decode(Raw(0, 0).bytes()).has_value());
  EXPECT_EQ(Raw(0, 0).bytes(), Node::Empty()->bytes());
  ExpectCorrupt(Raw(1, 0).bytes());
}

TEST(Node, KeysOutOfOrderOrTwiceAreRefused) {
  for (std::string_view second : {"a", "b", ""}) {
    Encoder encoder = Raw(0, 2);
    RawLeafItem(encoder, 0, "b");
    RawLeafItem(encoder, 0, second);
    ExpectCorrupt(encoder.bytes());
  }
}

TEST(Node, AKeyThatSharesLessThanItCouldIsRefused) {
  for (uint64_t shared : {0, 1, 2, 3}) {
    Encoder encoder = Raw(0, 2);
    RawLeafItem(encoder, 0, "abc");
    RawLeafItem(encoder, shared, std::string_view("abd").substr(shared));
    EXPECT_EQ(Decode(encoder.bytes()).has_value(), shared == 2) << shared;
  }
}

TEST(Node, BytesSharedBeyondTheKeyBeforeAreRefused) {
  Encoder first = Raw(0, 1);
  RawLeafItem(first, 1, "a");
  ExpectCorrupt(first.bytes());
  Encoder second = Raw(0, 2);
  RawLeafItem(second, 0, "ab");
  RawLeafItem(second, 3, "c");
  ExpectCorrupt(second.bytes());
}

TEST(Node, AKeyOverTheLimitIsRefused) {
  Encoder encoder = Raw(0, 2);
  RawLeafItem(encoder, 0, std::string(kMaxKeyBytes, 'a'));
  RawLeafItem(encoder, kMaxKeyBytes, "b");
  ExpectCorrupt(encoder.bytes());
}

TEST(Node, AValueOverTheLimitIsRefused) {
  Encoder encoder = Raw(0, 1);
  encoder.Varint(0);
  encoder.String("a");
  encoder.Varint(1);
  encoder.String(std::string(kMaxValueBytes + 1, 'v'));
  ExpectCorrupt(encoder.bytes());
}

TEST(Node, MoreItemsThanTheBorderRuleAllowsAreRefused) {
  for (size_t items : {kLeafLimits.max_items, kLeafLimits.max_items + 1}) {
    Encoder encoder = Raw(0, items);
    for (size_t i = 0; i < items; ++i) RawLeafItem(encoder, 0, std::string(1, ' ' + i));
    EXPECT_EQ(Decode(encoder.bytes()).has_value(), items == kLeafLimits.max_items);
  }
}

TEST(Node, ALevelOverTheLimitIsRefused) {
  for (uint8_t level : {kMaxLevel, static_cast<uint8_t>(kMaxLevel + 1)}) {
    Encoder encoder = Raw(level, 1);
    RawInnerItem(encoder, "a", 1, 1);
    EXPECT_EQ(Decode(encoder.bytes()).has_value(), level == kMaxLevel);
  }
}

TEST(Node, SumsThatAreEmptyOrTooLargeAreRefused) {
  Encoder no_entry = Raw(1, 1);
  RawInnerItem(no_entry, "a", 0, 1);
  ExpectCorrupt(no_entry.bytes());
  Encoder many_entries = Raw(1, 1);
  RawInnerItem(many_entries, "a", kMaxEntries + 1, 1);
  ExpectCorrupt(many_entries.bytes());
  Encoder heavy = Raw(1, 2);
  RawInnerItem(heavy, "a", 1, ~uint64_t{0});
  RawInnerItem(heavy, "b", 1, 1);
  ExpectCorrupt(heavy.bytes());
}

TEST(Node, EveryTruncationIsRefused) {
  for (const std::string& bytes : {SampleLeaf(), SampleInner()}) {
    for (size_t size = 0; size < bytes.size(); ++size) ExpectCorrupt(bytes.substr(0, size));
  }
}

TEST(Node, LeftOverBytesAreRefused) { ExpectCorrupt(SampleLeaf() + '\0'); }

TEST(Node, EveryChangedByteIsRefusedOrIsAnotherNodeWithExactlyTheseBytes) {
  for (const std::string& bytes : {SampleLeaf(), SampleInner()}) {
    for (size_t at = 0; at < bytes.size(); ++at) {
      for (int change = 1; change < 256; ++change) {
        std::string changed = bytes;
        changed[at] = static_cast<char>(changed[at] ^ change);
        auto node = Decode(changed);
        if (!node) continue;
        ASSERT_EQ(EncodeAgain(**node), changed) << "byte " << at << " by " << change;
      }
    }
  }
}

TEST(Node, RandomBytesAreRefusedOrAreExactlyTheNodeTheyDecodeTo) {
  for (uint64_t seed = 1; seed <= 20000; ++seed) {
    std::mt19937_64 random(seed);
    Encoder encoder = Raw(random() % 2, random() % 3);
    size_t size = random() % 80;
    for (size_t i = 0; i < size; ++i) encoder.U8(random() % (random() % 2 ? 4 : 256));
    auto node = Decode(encoder.bytes());
    if (node) {
      ASSERT_EQ(EncodeAgain(**node), encoder.bytes()) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace rhizo::tree
