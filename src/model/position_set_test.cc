#include "model/position_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "model/testing/canonical.h"
#include "model/testing/nothing_stored.h"
#include "model/testing/samples.h"
#include "object/object_kind.h"

namespace rhizo::model {
namespace {

object::Staging EmptyStaging() {
  return object::Staging(std::make_shared<testing::NothingStored>());
}

using Naive = std::set<uint32_t>;

// Scattered slots, runs, or both, below a small bound, so that all forms and edges come up.
Naive Draw(std::mt19937_64& engine) {
  Naive slots;
  uint32_t bound = 1u << (1 + engine() % 14);
  for (size_t i = 0, pieces = engine() % 40; i < pieces; ++i) {
    uint32_t begin = static_cast<uint32_t>(engine() % bound);
    uint32_t length = engine() % 3 == 0 ? static_cast<uint32_t>(engine() % 200) : 1;
    for (uint32_t slot = begin; slot < begin + length; ++slot) slots.insert(slot);
  }
  return slots;
}

PositionSet From(const Naive& naive) {
  return PositionSet::FromSorted(std::vector<uint32_t>(naive.begin(), naive.end()));
}

Naive ToNaive(const PositionSet& set) {
  auto slots = set.ToVector();
  return {slots.begin(), slots.end()};
}

PositionSet Strided(uint32_t count, uint32_t stride) {
  std::vector<uint32_t> slots;
  for (uint32_t i = 0; i < count; ++i) slots.push_back(i * stride);
  return PositionSet::FromSorted(slots);
}

TEST(PositionSet, AnswersAsASetDoes) {
  SCOPED_TRACE(testing::SeedText(11));
  std::mt19937_64 engine(11);
  for (int i = 0; i < 2000; ++i) {
    Naive naive = Draw(engine);
    PositionSet set = From(naive);
    ASSERT_EQ(set.size(), naive.size());
    ASSERT_EQ(ToNaive(set), naive);
    for (int probe = 0; probe < 20; ++probe) {
      uint32_t slot = static_cast<uint32_t>(engine() % 300);
      ASSERT_EQ(set.Contains(slot), naive.contains(slot));
      ASSERT_EQ(set.Rank(slot), std::distance(naive.begin(), naive.lower_bound(slot)));
    }
    uint32_t rank = 0;
    for (uint32_t slot : naive) ASSERT_EQ(set.Select(rank++), slot);
  }
}

TEST(PositionSet, CombinesAsSetsDo) {
  SCOPED_TRACE(testing::SeedText(12));
  std::mt19937_64 engine(12);
  for (int i = 0; i < 2000; ++i) {
    Naive a = Draw(engine);
    Naive b = Draw(engine);
    Naive both = a;
    both.insert(b.begin(), b.end());
    Naive common, rest;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(),
                          std::inserter(common, common.end()));
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::inserter(rest, rest.end()));
    ASSERT_EQ(Union(From(a), From(b)), From(both));
    ASSERT_EQ(Intersect(From(a), From(b)), From(common));
    ASSERT_EQ(Subtract(From(a), From(b)), From(rest));
  }
}

TEST(PositionSet, SliceAndComplementSplitARange) {
  PositionSet set = PositionSet::FromSorted({1, 2, 5, 9});
  EXPECT_EQ(set.Slice(2, 9), PositionSet::FromSorted({2, 5}));
  EXPECT_EQ(set.Complement(2, 9), PositionSet::FromSorted({3, 4, 6, 7, 8}));
}

TEST(PositionSet, ShiftingMovesEveryMember) {
  PositionSet set = PositionSet::FromSorted({1, 2, 5, 9});
  EXPECT_EQ(set.Shifted(3), PositionSet::FromSorted({4, 5, 8, 12}));
  EXPECT_EQ(set.Shifted(3).Rank(8), 2u);
  EXPECT_EQ(set.Shifted(-1), PositionSet::FromSorted({0, 1, 4, 8}));
  EXPECT_EQ(PositionSet().Shifted(7), PositionSet());
}

TEST(PositionSet, EveryEncodingComesBack) {
  SCOPED_TRACE(testing::SeedText(13));
  std::mt19937_64 engine(13);
  for (int i = 0; i < 3000; ++i) {
    PositionSet set = From(Draw(engine));
    auto decoded = DecodePositionSet(Encode(set));
    ASSERT_TRUE(decoded);
    ASSERT_EQ(*decoded, set);
  }
}

TEST(PositionSet, ShortestFormIsChosen) {
  EXPECT_EQ(Encode(PositionSet())[0], 1);
  EXPECT_EQ(Encode(Strided(50, 1000))[0], 1);
  EXPECT_EQ(Encode(PositionSet::FromRange(5, 5000))[0], 2);
  EXPECT_EQ(Encode(Strided(1000, 2))[0], 3);
}

TEST(PositionSet, WholeSegmentTakesFewBytes) {
  EXPECT_LE(Encode(PositionSet::FromRange(0, kMaxSegmentRows)).size(), 8u);
}

TEST(PositionSet, LongerFormIsRefused) {
  EXPECT_TRUE(DecodePositionSet(*FromHex("010103")));     // list {3}
  EXPECT_FALSE(DecodePositionSet(*FromHex("02010300")));  // runs {3}
  EXPECT_FALSE(DecodePositionSet(*FromHex("030008")));    // bitmap {3}, as long as the list
  EXPECT_FALSE(DecodePositionSet(*FromHex("0200")));      // runs {}
}

TEST(PositionSet, SlotsBeyondTheGreatestSegmentAreRefused) {
  Encoder encoder;
  encoder.U8(1);
  encoder.Varint(1);
  encoder.Varint(kMaxSegmentRows);
  EXPECT_FALSE(DecodePositionSet(encoder.bytes()));
  EXPECT_FALSE(DecodePositionSet(*FromHex("0201ffffffffffffffffff01ffffffffffffffffff01")));
}

TEST(PositionSet, OnlyItsOwnEncodingIsTaken) {
  for (const auto& [name, set] : testing::PositionSetSamples()) {
    SCOPED_TRACE(name);
    testing::ExpectCanonical(set, DecodePositionSet);
  }
}

TEST(PositionsRef, ShortSetStandsInline) {
  auto staging = EmptyStaging();
  PositionsRef ref = Store(staging, PositionSet::FromSorted({1, 2, 9}));
  EXPECT_FALSE(ref.object);
  EXPECT_EQ(ref.count, 3u);
  EXPECT_EQ(*Load(staging, ref), PositionSet::FromSorted({1, 2, 9}));
}

TEST(PositionsRef, LongSetIsAnObjectOfItsOwn) {
  auto staging = EmptyStaging();
  PositionSet set = Strided(5000, 3);
  PositionsRef ref = Store(staging, set);
  ASSERT_TRUE(ref.object);
  EXPECT_EQ(ref.count, 5000u);
  EXPECT_EQ(*Load(staging, ref), set);
}

TEST(PositionsRef, ObjectWithAnotherCountIsCorruption) {
  auto staging = EmptyStaging();
  PositionsRef ref = Store(staging, Strided(5000, 3));
  ref.count = 4999;
  EXPECT_EQ(Load(staging, ref).error().code(), ErrorCode::kCorruption);
}

TEST(PositionsRef, ObjectThatShouldStandInlineIsCorruption) {
  auto staging = EmptyStaging();
  Encoder encoder;
  object::EncodeHeader(encoder, object::ObjectKind::kPositions, 1);
  encoder.Raw(Encode(PositionSet::FromSorted({1})));
  PositionsRef ref{1, staging.Add(std::move(encoder).Take()), {}};
  EXPECT_EQ(Load(staging, ref).error().code(), ErrorCode::kCorruption);
}

TEST(PositionsRef, MissingObjectIsCorruption) {
  auto staging = EmptyStaging();
  PositionsRef ref{5, testing::FilledId<ObjectId>(9), {}};
  EXPECT_EQ(Load(staging, ref).error().code(), ErrorCode::kCorruption);
}

}  // namespace
}  // namespace rhizo::model
