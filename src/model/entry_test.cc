#include "model/entry.h"

#include <gtest/gtest.h>

#include <functional>

#include "model/testing/canonical.h"
#include "model/testing/nothing_stored.h"
#include "model/testing/samples.h"

namespace rhizo::model {
namespace {

using testing::FilledId;
using testing::PlaceAt;

SegmentEntry Whole() { return testing::SegmentEntrySamples()[0].second; }
SegmentEntry Cut() { return testing::SegmentEntrySamples()[1].second; }
SegmentEntry OutOfLine() { return testing::SegmentEntrySamples()[2].second; }

PositionsRef Inline(PositionSet set) { return {set.size(), std::nullopt, std::move(set)}; }

TEST(SegmentEntry, OnlyItsOwnEncodingIsTaken) {
  for (const auto& [name, entry] : testing::SegmentEntrySamples()) {
    SCOPED_TRACE(name);
    testing::ExpectCanonical(entry, DecodeSegmentEntry);
  }
}

TEST(SegmentEntry, WholeSegmentIsCleanInEveryField) {
  EXPECT_TRUE(Whole().IsWhole());
  EXPECT_TRUE(Whole().IsClean(5));
}

TEST(SegmentEntry, PatchedFieldIsNotClean) {
  SegmentEntry entry = Whole();
  entry.patches = {{FilledId<ObjectId>(1), 5, {}}};
  EXPECT_FALSE(entry.IsClean(5));
  EXPECT_TRUE(entry.IsClean(6));
}

TEST(SegmentEntry, CutOrHiddenIsNotCleanInAnyField) {
  SegmentEntry entry = Whole();
  entry.slice_end = 2;
  EXPECT_FALSE(entry.IsClean(6));
  entry = Whole();
  entry.hidden = Inline(PositionSet::FromSorted({1}));
  EXPECT_FALSE(entry.IsClean(6));
}

// One promise of the format broken per case; Encode would refuse to write it.
struct Broken {
  const char* what;
  std::function<void(SegmentEntry*)> spoil;
};

TEST(SegmentEntry, WhatTheFormatForbidsIsNeverWritten) {
  const Broken kCases[] = {
      {"slice ends past the segment", [](auto* e) { e->slice_end = e->segment_rows + 1; }},
      {"visible rows miscounted", [](auto* e) { e->visible_rows += 1; }},
      {"first slot hidden",
       [](auto* e) {
         e->hidden = Inline(PositionSet::FromSorted({10, 20, 21, 22}));
       }},
      {"last slot hidden",
       [](auto* e) {
         e->hidden = Inline(PositionSet::FromSorted({12, 20, 21, 29}));
       }},
      {"patches unsorted", [](auto* e) { std::swap(e->patches[0], e->patches[1]); }},
      {"patch twice", [](auto* e) { e->patches[1].patch = e->patches[0].patch; }},
      {"dead and hidden",
       [](auto* e) { e->patches[1].dead = Inline(PositionSet::FromSorted({12})); }},
      {"dead outside", [](auto* e) { e->patches[1].dead = Inline(PositionSet::FromSorted({9})); }},
      {"every cell dead",
       [](auto* e) {
         e->patches[1].dead = {16, FilledId<ObjectId>(1), {}};
       }},
      {"no run", [](auto* e) { e->runs.inline_runs.clear(); }},
      {"visible slot without a run", [](auto* e) { e->runs.inline_runs[0].slots -= 1; }},
      {"run ends hidden", [](auto* e) { e->runs.inline_runs[0].slots += 1; }},
      {"runs end early", [](auto* e) { e->runs.inline_runs[1].slots -= 1; }},
  };
  for (const auto& broken : kCases) {
    SegmentEntry entry = Cut();
    broken.spoil(&entry);
    EXPECT_DEATH(Encode(entry), "IsValid") << broken.what;
  }
}

TEST(SegmentEntry, AsManyPatchesPerFieldAsTheFormatAllows) {
  SegmentEntry entry = Whole();
  for (uint32_t i = 0; i < kMaxPatchesPerField; ++i) {
    entry.patches.push_back({FilledId<ObjectId>(static_cast<uint8_t>(i)), 5, {}});
  }
  EXPECT_EQ(*DecodeSegmentEntry(Encode(entry)), entry);
  entry.patches.push_back({FilledId<ObjectId>(255), 5, {}});
  EXPECT_DEATH(Encode(entry), "IsValid");
}

TEST(EntryRows, AreReadInlineWithoutAStore) {
  testing::NothingStored nothing;
  auto rows = LoadRows(nothing, Cut());
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->Visible(Cut()).size(), 16u);
  EXPECT_EQ(rows->runs, Cut().runs.inline_runs);
}

TEST(EntryRows, ThatAreMissingAreCorruption) {
  testing::NothingStored nothing;
  EXPECT_EQ(LoadRows(nothing, OutOfLine()).error().code(), ErrorCode::kCorruption);
}

TEST(EntryRows, ThatDoNotFitTheEntryAreCorruption) {
  SegmentEntry entry = OutOfLine();
  EntryRows good{Cut().hidden.inline_set, Cut().runs.inline_runs};
  EXPECT_TRUE(CheckRows(entry, good));
  EntryRows other_count = good;
  other_count.hidden = PositionSet::FromSorted({20, 21, 22});
  EXPECT_FALSE(CheckRows(entry, other_count));
  EntryRows outside = good;
  outside.hidden = PositionSet::FromSorted({20, 21, 22, 40});
  EXPECT_FALSE(CheckRows(entry, outside));
  EntryRows uncovered = good;
  uncovered.hidden = PositionSet::FromSorted({12, 13, 20, 21});
  EXPECT_FALSE(CheckRows(entry, uncovered));
}

TEST(SegmentEntry, OfOneWholeSmallSegmentTakesFewBytes) { EXPECT_LE(Encode(Whole()).size(), 64u); }

}  // namespace
}  // namespace rhizo::model
