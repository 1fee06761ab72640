#include "model/run.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "model/testing/canonical.h"
#include "model/testing/nothing_stored.h"
#include "model/testing/samples.h"

namespace rhizo::model {
namespace {

using testing::PlaceAt;
using testing::PlaceBelow;

// Many runs that do not join: every place its own birth.
RunList ManyRuns(uint32_t count) {
  RunList runs;
  for (uint32_t i = 0; i < count; ++i) {
    Place place = PlaceAt(static_cast<uint8_t>(i), i);
    place.levels[0].digit = DigitAfter(runs.empty() ? "\x80" : runs.back().first.levels[0].digit);
    runs.push_back({i * 2, 1, place});
  }
  return runs;
}

TEST(Runs, NeighbouringRowsShareARun) {
  RunList runs;
  AppendRun(&runs, {0, 1, PlaceAt(1, 5)});
  AppendRun(&runs, {1, 3, PlaceAt(1, 6)});
  EXPECT_EQ(runs, (RunList{{0, 4, PlaceAt(1, 5)}}));
}

TEST(Runs, DeleteBetweenSplitsNothing) {
  RunList runs;
  AppendRun(&runs, {0, 2, PlaceAt(1, 5)});
  AppendRun(&runs, {4, 2, PlaceAt(1, 9)});
  EXPECT_EQ(runs, (RunList{{0, 6, PlaceAt(1, 5)}}));
}

TEST(Runs, PositionsThatDifferByMoreThanSlotsAreAnotherRun) {
  RunList runs;
  AppendRun(&runs, {0, 2, PlaceAt(1, 5)});
  AppendRun(&runs, {2, 1, PlaceAt(1, 8)});
  EXPECT_EQ(runs.size(), 2u);
}

TEST(Runs, AnotherPathOrBirthIsAnotherRun) {
  RunList runs;
  AppendRun(&runs, {0, 1, PlaceAt(1, 0)});
  AppendRun(&runs, {1, 1, PlaceBelow(0, 1, 1)});
  AppendRun(&runs, {2, 1, PlaceBelow(0, 2, 2)});
  EXPECT_EQ(runs.size(), 3u);
}

TEST(Runs, JoinUndoesACut) {
  RunList whole = testing::RunListSamples()[1].second;
  RunList left = TrimRuns(whole, PositionSet::FromRange(0, 5));
  RunList right = TrimRuns(whole, PositionSet::FromRange(5, 17));
  EXPECT_EQ(JoinRuns(left, right), whole);
}

TEST(Runs, TrimmedRunsBeginAndEndWithVisibleRows) {
  RunList runs = {{0, 10, PlaceAt(1, 0)}, {10, 1, PlaceBelow(9, 2, 0)}, {12, 5, PlaceAt(1, 12)}};
  EXPECT_EQ(TrimRuns(runs, PositionSet::FromSorted({1, 2, 8, 12, 14})),
            (RunList{{1, 14, PlaceAt(1, 1)}}));
}

TEST(Runs, TrimmingGivesEachVisibleRowItsPlace) {
  SCOPED_TRACE(testing::SeedText(21));
  std::mt19937_64 engine(21);
  RunList runs = testing::RunListSamples()[1].second;
  for (int i = 0; i < 500; ++i) {
    std::vector<uint32_t> slots;
    for (uint32_t slot = 0; slot < 17; ++slot) {
      if (slot != 11 && engine() % 2 == 0) slots.push_back(slot);
    }
    RunList trimmed = TrimRuns(runs, PositionSet::FromSorted(slots));
    for (uint32_t slot : slots) ASSERT_EQ(PlaceOf(trimmed, slot), PlaceOf(runs, slot));
    ASSERT_EQ(*DecodeRunList(Encode(trimmed)), trimmed);
  }
}

TEST(Runs, SlotThatNoRunCoversHasNoPlace) {
  RunList runs = testing::RunListSamples()[1].second;
  EXPECT_FALSE(PlaceOf(runs, 11));
  EXPECT_FALSE(PlaceOf(runs, 17));
}

TEST(Runs, OnlyTheirOwnEncodingIsTaken) {
  for (const auto& [name, runs] : testing::RunListSamples()) {
    SCOPED_TRACE(name);
    testing::ExpectCanonical(runs, DecodeRunList);
  }
}

// The layout without the checks of Encode; places share nothing.
std::string Unchecked(const RunList& runs) {
  Encoder encoder;
  encoder.Varint(runs.size());
  uint32_t end = 0;
  for (const auto& run : runs) {
    std::string place = EncodePlace(run.first);
    size_t shared = end == 0 ? 0 : 3;  // the digit; births differ from the first byte on
    if (end != 0 && run.first.row_id().birth == runs[0].first.row_id().birth) shared = 18;
    encoder.Varint(run.first_slot - end);
    encoder.Varint(run.slots - 1);
    encoder.Varint(shared);
    encoder.String(place.substr(shared));
    end = run.end_slot();
  }
  return std::move(encoder).Take();
}

TEST(Runs, ListThatCouldBeJoinedIsRefused) {
  RunList split = {{0, 2, PlaceAt(1, 0)}, {2, 2, PlaceAt(1, 2)}};
  EXPECT_FALSE(DecodeRunList(Unchecked(split)));
  EXPECT_DEATH(Encode(split), "Follows");
  split[1].first = PlaceAt(1, 3);
  EXPECT_EQ(*DecodeRunList(Unchecked(split)), split);
}

TEST(Runs, PlacesThatDoNotRiseAreRefused) {
  RunList runs = {{0, 2, PlaceAt(2, 0)}, {2, 2, PlaceAt(3, 2)}};
  EXPECT_EQ(*DecodeRunList(Unchecked(runs)), runs);
  runs[1].first = PlaceAt(1, 2);
  EXPECT_FALSE(DecodeRunList(Unchecked(runs)));
  EXPECT_DEATH(Encode(runs), "Follows");
}

TEST(Runs, PositionThatOverflowsIsRefused) {
  std::string bytes = Encode(RunList{{0, 1, PlaceAt(1, UINT32_MAX)}});
  bytes[2] = 1;  // slots - 1
  EXPECT_FALSE(DecodeRunList(bytes));
}

TEST(Runs, SmallInputNeverUnfoldsToTheSquareOfItsSize) {
  Place deep;
  for (int i = 0; i < 200; ++i) {
    deep.levels.push_back({"\x80", testing::FilledId<BirthId>(1), 0});
  }
  RunList runs;
  for (uint32_t i = 0; i < 20'000; ++i) {
    runs.push_back({2 * i, 1, deep});
    deep.levels.back().position += 3;
  }
  EXPECT_FALSE(DecodeRunList(Encode(runs)));
  runs.resize(2'000);
  EXPECT_TRUE(DecodeRunList(Encode(runs)));
}

TEST(RunsRef, LongListIsAnObjectOfItsOwn) {
  object::Staging staging(std::make_shared<testing::NothingStored>());
  RunsRef few = Store(staging, ManyRuns(2));
  RunsRef many = Store(staging, ManyRuns(100));
  EXPECT_FALSE(few.object);
  ASSERT_TRUE(many.object);
  EXPECT_EQ(*Load(staging, many), ManyRuns(100));
  EXPECT_EQ(*Load(staging, few), ManyRuns(2));
}

}  // namespace
}  // namespace rhizo::model
