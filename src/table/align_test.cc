#include "table/align.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace rhizo::table {
namespace {

using Rows = std::vector<uint64_t>;

Rows Numbered(uint64_t count) {
  Rows rows;
  for (uint64_t i = 0; i < count; ++i) rows.push_back(i * 7919 + 1);
  return rows;
}

void ExpectSound(const Rows& olds, const Rows& news, const std::vector<RowPair>& pairs) {
  for (size_t i = 0; i < pairs.size(); ++i) {
    ASSERT_LT(pairs[i].old_row, olds.size());
    ASSERT_LT(pairs[i].new_row, news.size());
    ASSERT_EQ(olds[pairs[i].old_row], news[pairs[i].new_row]);
    if (i == 0) continue;
    ASSERT_LT(pairs[i - 1].old_row, pairs[i].old_row);
    ASSERT_LT(pairs[i - 1].new_row, pairs[i].new_row);
  }
}

size_t LongestCommonSubsequence(const Rows& a, const Rows& b) {
  std::vector<size_t> last(b.size() + 1, 0);
  for (uint64_t value : a) {
    std::vector<size_t> row(b.size() + 1, 0);
    for (size_t j = 0; j < b.size(); ++j) {
      row[j + 1] = value == b[j] ? last[j] + 1 : std::max(last[j + 1], row[j]);
    }
    last = std::move(row);
  }
  return last.back();
}

// Some rows out, some in, some others.
Rows Edited(const Rows& rows, std::mt19937_64* random, double share, uint64_t alphabet) {
  Rows out;
  std::uniform_real_distribution<double> chance(0, 1);
  for (uint64_t row : rows) {
    double dice = chance(*random);
    if (dice < share) continue;
    if (dice > 1 - share) out.push_back((*random)() % alphabet);
    out.push_back(dice > 0.5 && dice < 0.5 + share ? (*random)() % alphabet : row);
  }
  return out;
}

TEST(Align, EqualSequencesArePairedRowByRow) {
  for (bool open_end : {false, true}) {
    auto pairs = Align(Numbered(1000), Numbered(1000), open_end);
    ASSERT_EQ(pairs.size(), 1000u);
    EXPECT_EQ(pairs[517], (RowPair{517, 517}));
  }
  EXPECT_TRUE(Align({}, Numbered(5), false).empty());
  EXPECT_TRUE(Align(Numbered(5), {}, true).empty());
}

TEST(Align, ARowInFrontShiftsTheRest) {
  auto olds = Numbered(50'000);
  Rows news = olds;
  news.insert(news.begin(), 5);
  auto pairs = Align(olds, news, true);
  ASSERT_EQ(pairs.size(), olds.size());
  EXPECT_EQ(pairs.back(), (RowPair{49'999, 50'000}));
}

TEST(Align, DistinctRowsArePairedWhateverHappenedBetweenThem) {
  std::mt19937_64 random(std::random_device{}());
  for (int round = 0; round < 50; ++round) {
    auto olds = Numbered(random() % 3000);
    auto news = Edited(olds, &random, 0.1, UINT64_MAX);
    for (bool open_end : {false, true}) {
      auto pairs = Align(olds, news, open_end);
      ExpectSound(olds, news, pairs);
      EXPECT_EQ(pairs.size(), LongestCommonSubsequence(olds, news));
    }
  }
}

TEST(Align, FewDifferentRowsArePairedNearlyAsManyAsCanBe) {
  std::mt19937_64 random(std::random_device{}());
  size_t found = 0;
  size_t possible = 0;
  for (int round = 0; round < 300; ++round) {
    uint64_t alphabet = 1 + random() % 8;
    Rows olds(random() % 200);
    for (auto& row : olds) row = random() % alphabet;
    auto news = Edited(olds, &random, 0.05, alphabet);
    auto pairs = Align(olds, news, false);
    ExpectSound(olds, news, pairs);
    found += pairs.size();
    possible += LongestCommonSubsequence(olds, news);
    ExpectSound(olds, news, Align(olds, news, true));
  }
  EXPECT_GT(found * 100, possible * 97);
}

TEST(Align, LongSequencesOfFewRowsTakeManyScripts) {
  std::mt19937_64 random(7);
  Rows olds(20'000);
  for (auto& row : olds) row = random() % 3;
  auto news = Edited(olds, &random, 0.02, 3);
  auto pairs = Align(olds, news, false);
  ExpectSound(olds, news, pairs);
  EXPECT_GT(pairs.size(), 18'500u);
}

TEST(Align, SequencesWithNothingInCommonEndSoon) {
  Rows olds(200'000, 1);
  Rows news(200'000, 2);
  EXPECT_TRUE(Align(olds, news, false).empty());
  std::mt19937_64 random(3);
  auto shuffled = Numbered(200'000);
  std::shuffle(shuffled.begin(), shuffled.end(), random);
  ExpectSound(Numbered(200'000), shuffled, Align(Numbered(200'000), shuffled, false));
}

// What follows is not ours: the old rows at the end were taken out, others come behind.
TEST(Align, AnOpenEndPairsNothingFarBehind) {
  Rows olds(100, 1);
  Rows news(100, 2);
  news.insert(news.end(), 10'000, 3);
  news.insert(news.end(), 100, 1);
  EXPECT_TRUE(Align(olds, news, true).empty());
  EXPECT_EQ(Align(olds, news, false).size(), 100u);
}

}  // namespace
}  // namespace rhizo::table
