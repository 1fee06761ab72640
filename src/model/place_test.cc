#include "model/place.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <utility>

#include "model/testing/canonical.h"
#include "model/testing/samples.h"

namespace rhizo::model {
namespace {

using testing::FilledId;
using testing::PlaceAt;
using testing::PlaceBelow;

class Drawer {
 public:
  explicit Drawer(uint64_t seed) : engine_(seed) {}

  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(engine_() % bound); }

  std::string Digit() {
    constexpr unsigned char kEdges[] = {0, 0, 1, 2, 127, 128, 254, 255};
    std::string digit;
    for (uint32_t i = 0, size = 1 + Below(6); i < size; ++i) {
      digit.push_back(static_cast<char>(Below(2) == 0 ? kEdges[Below(8)] : Below(256)));
    }
    while (!digit.empty() && digit.back() == '\0') digit.pop_back();
    return digit.empty() ? "\x01" : digit;
  }

  Level AnyLevel() {
    constexpr uint8_t kBirths[] = {0, 1, 128, 255};
    constexpr uint32_t kPositions[] = {0, 1, 255, 256, UINT32_MAX};
    return {Digit(), FilledId<BirthId>(kBirths[Below(4)]), kPositions[Below(5)]};
  }

  Place AnyPlace() {
    Place place;
    for (uint32_t i = 0, levels = 1 + Below(3); i < levels; ++i) {
      place.levels.push_back(AnyLevel());
    }
    return place;
  }

  // Shares levels with `place`, or is a digit longer somewhere.
  Place Relative(const Place& place) {
    Place out = place;
    out.levels.resize(1 + Below(static_cast<uint32_t>(place.levels.size())));
    if (Below(2) == 0) out.levels.back().digit += Digit();
    if (Below(2) == 0) out.levels.push_back(AnyLevel());
    return out;
  }

  BirthId Birth() {
    BirthId birth;
    for (auto& byte : birth.bytes) byte = static_cast<uint8_t>(engine_());
    return birth;
  }

 private:
  std::mt19937_64 engine_;
};

std::string Digit(std::string_view hex) { return *FromHex(hex); }

TEST(Place, ByteOrderOfEncodingsIsTheOrderOfPlaces) {
  SCOPED_TRACE(testing::SeedText(5));
  Drawer draw(5);
  for (int i = 0; i < 100'000; ++i) {
    Place a = draw.AnyPlace();
    Place b = draw.Below(2) == 0 ? draw.Relative(a) : draw.AnyPlace();
    std::string x = EncodePlace(a);
    std::string y = EncodePlace(b);
    ASSERT_EQ(x < y, a < b) << ToHex(x) << " " << ToHex(y);
    ASSERT_EQ(x == y, a == b);
    ASSERT_EQ(*DecodePlace(x), a);
  }
}

TEST(Place, OnlyItsOwnEncodingIsTaken) {
  for (const auto& [name, place] : testing::PlaceSamples()) {
    SCOPED_TRACE(name);
    testing::ExpectCanonical(place, DecodePlace);
  }
}

TEST(Place, CutShortIsRefused) {
  std::string bytes = EncodePlace(PlaceAt(1, 2));
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodePlace(std::string_view(bytes).substr(0, size)));
  }
}

TEST(Place, DigitWithTrailingZeroIsRefused) {
  std::string good = EncodePlace(PlaceAt(1, 2));
  EXPECT_FALSE(DecodePlace(Digit("8000ff0000") + good.substr(3)));
  EXPECT_TRUE(DecodePlace(Digit("8000ff010000") + good.substr(3)));
}

TEST(Place, EmptyDigitIsRefused) {
  EXPECT_FALSE(DecodePlace(EncodePlace(PlaceAt(1, 2)).substr(1)));
}

TEST(Place, ShorterPrefixComesFirst) { EXPECT_LT(PlaceAt(1, 7), PlaceBelow(7, 2, 0)); }

TEST(Place, OfOneBirthDifferInThePositionAlone) {
  auto place = PlaceBelow(7, 2, 0);
  EXPECT_TRUE(place.SameButPosition(place.Plus(5)));
  EXPECT_TRUE(place.Plus(5).SameButPosition(place));
  EXPECT_FALSE(place.SameButPosition(PlaceBelow(8, 2, 0)));  // below another row
  EXPECT_FALSE(place.SameButPosition(PlaceBelow(7, 3, 0)));
  EXPECT_FALSE(place.SameButPosition(PlaceAt(1, 7)));
}

TEST(RowId, ShowsPositionBigEndian) {
  EXPECT_EQ(ToHex(RowId{FilledId<BirthId>(0xab), 258}.ToBytes()),
            "abababababababababababab00000102");
}

TEST(Digits, FirstIs80) { EXPECT_EQ(FirstDigit(), "\x80"); }

TEST(Digits, AfterIsOneMoreInFourBytes) {
  EXPECT_EQ(DigitAfter(Digit("80")), Digit("80000001"));
  EXPECT_EQ(DigitAfter(Digit("800000ff")), Digit("800001"));
  EXPECT_EQ(DigitAfter(Digit("ffffffff")), Digit("ffffffff00000001"));
  EXPECT_EQ(DigitAfter(Digit("8000000001")), Digit("8000000001000001"));
}

TEST(Digits, BetweenSameLengthIsTheMiddle) {
  EXPECT_EQ(DigitBetween(Digit("40"), Digit("80")), Digit("60"));
  EXPECT_EQ(DigitBetween(Digit("80000001"), Digit("80000002")), Digit("8000000180"));
}

TEST(Digits, BetweenStaysNearTheLongerNeighbour) {
  EXPECT_EQ(DigitBetween(Digit("8000000180"), Digit("80000002")), Digit("8000000180001"
                                                                        "0"));
  EXPECT_EQ(DigitBetween(Digit("80000001"), Digit("8000000180")), Digit("800000017ffff0"));
  EXPECT_EQ(DigitBetween("", Digit("80")), Digit("7ffff0"));
}

TEST(Digits, BetweenIsStrictlyBetween) {
  SCOPED_TRACE(testing::SeedText(6));
  Drawer draw(6);
  for (int i = 0; i < 100'000; ++i) {
    std::string a = draw.Digit();
    std::string b = draw.Digit();
    if (a == b) continue;
    if (b < a) std::swap(a, b);
    if (draw.Below(4) == 0) a.clear();
    std::string digit = DigitBetween(a, b);
    ASSERT_TRUE(a < digit && digit < b) << ToHex(a) << " " << ToHex(digit) << " " << ToHex(b);
    ASSERT_NE(digit.back(), '\0');
    std::string after = DigitAfter(b);
    ASSERT_TRUE(b < after && after.back() != '\0') << ToHex(b) << " " << ToHex(after);
  }
}

TEST(Gap, OfAnEmptyTableIsTheFirstDigit) {
  EXPECT_EQ(GapBetween(nullptr, nullptr), (Gap{{}, FirstDigit()}));
}

TEST(Gap, InsideARunIsBelowTheRowBefore) {
  Place before = PlaceAt(1, 7);
  Place after = PlaceAt(1, 8);
  EXPECT_EQ(GapBetween(&before, &after), (Gap{before.levels, FirstDigit()}));
}

TEST(Gap, BetweenTwoRunsIsAtTheShallowestLevel) {
  Place before = PlaceBelow(7, 2, 3);
  Place after = PlaceAt(3, 0);
  after.levels[0].digit = "\x90";
  EXPECT_EQ(GapBetween(&before, &after), (Gap{{}, "\x88"}));
}

TEST(Gap, BeforeTheFirstChildIsBetweenTheRowAndTheChild) {
  Place before = PlaceAt(1, 7);
  Place after = PlaceBelow(7, 2, 0);
  Gap gap = GapBetween(&before, &after);
  EXPECT_EQ(gap.path, before.levels);
  EXPECT_LT(gap.digit, after.levels[1].digit);
}

// Rows come one by one at places that `pick` chooses among those there and the one that came last.
struct Growth {
  size_t longest_digit = 0;
  size_t most_levels = 0;
};

template <class Pick>
Growth Grow(int rows, Pick pick, uint64_t seed = 1) {
  Drawer draw(seed);
  std::vector<Place> table = {PlaceAt(1, 0), PlaceAt(1, 1)};
  size_t last = 0;
  for (int i = 0; i < rows; ++i) {
    size_t at = pick(table.size(), last, draw);  // the new row's index
    Gap gap =
        GapBetween(at > 0 ? &table[at - 1] : nullptr, at < table.size() ? &table[at] : nullptr);
    Place place = gap.Start(draw.Birth());
    EXPECT_TRUE(at == 0 || table[at - 1] < place);
    EXPECT_TRUE(at == table.size() || place < table[at]);
    table.insert(table.begin() + static_cast<ptrdiff_t>(at), std::move(place));
    last = at;
  }
  Growth growth;
  for (const auto& place : table) {
    growth.most_levels = std::max(growth.most_levels, place.levels.size());
    for (const auto& level : place.levels) {
      growth.longest_digit = std::max(growth.longest_digit, level.digit.size());
    }
  }
  return growth;
}

TEST(Growth, OfTenThousandAppendsIsFourBytes) {
  auto growth = Grow(10'000, [](size_t rows, size_t, Drawer&) { return rows; });
  EXPECT_EQ(growth.most_levels, 1u);
  EXPECT_LE(growth.longest_digit, 4u);
}

TEST(Growth, OfTenThousandChainedInsertsIsSevenBytes) {
  auto growth = Grow(10'000, [](size_t, size_t last, Drawer&) { return last + 1; });
  EXPECT_LE(growth.longest_digit, 7u);
  EXPECT_LE(growth.most_levels, 2u);
}

TEST(Growth, OfTenThousandInsertsBeforeTheFirstRowIsSevenBytes) {
  auto growth = Grow(10'000, [](size_t, size_t, Drawer&) { return size_t{0}; });
  EXPECT_LE(growth.longest_digit, 7u);
  EXPECT_EQ(growth.most_levels, 1u);
}

TEST(Growth, OfTenThousandInsertsAtRandomSpotsIsTwelveBytesAsARule) {
  std::vector<size_t> longest;
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    auto random_spot = [](size_t rows, size_t, Drawer& draw) {
      return size_t{draw.Below(static_cast<uint32_t>(rows + 1))};
    };
    longest.push_back(Grow(10'000, random_spot, seed).longest_digit);
  }
  std::sort(longest.begin(), longest.end());
  EXPECT_LE(longest[2], 13u);
  EXPECT_LE(longest[4], 20u);
}

}  // namespace
}  // namespace rhizo::model
