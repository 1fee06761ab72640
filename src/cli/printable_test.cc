#include "cli/printable.h"

#include <gtest/gtest.h>

#include <clocale>

namespace rhizo::cli {
namespace {

TEST(Printable, ControlCharactersAreEscaped) {
  EXPECT_EQ(Printable("a\nb\tc"), "a\\nb\\tc");
  EXPECT_EQ(Printable("\x1b[31m"), "\\x1B[31m");
  EXPECT_EQ(Printable("\x7f"), "\\x7F");
  EXPECT_EQ(Printable("\u0085"), "\\x85");
  EXPECT_EQ(Printable("\u202e"), "\\u202E");
}

TEST(Printable, TextOfAnyScriptStays) {
  EXPECT_EQ(Printable("日本 Ελλάδα Ñ 🌱"), "日本 Ελλάδα Ñ 🌱");
}

TEST(Printable, BytesThatAreNoTextAreEscaped) {
  EXPECT_EQ(Printable("a\xff"), "a\\xFF");
  EXPECT_EQ(Printable("\xe6\x97"), "\\xE6\\x97");
  EXPECT_EQ(Printable("\xc0\xaf"), "\\xC0\\xAF");
}

TEST(Printable, LinesStayWhereTheyAreWanted) {
  EXPECT_EQ(Printable("a\nb\r", Lines::kKeep), "a\nb\\r");
}

TEST(DisplayWidth, WideCharactersCountTwoAndCombiningOnesNothing) {
  std::setlocale(LC_CTYPE, "C.UTF-8");
  EXPECT_EQ(DisplayWidth("abc"), 3u);
  EXPECT_EQ(DisplayWidth("日本"), 4u);
  EXPECT_EQ(DisplayWidth("e\u0301"), 1u);
}

TEST(Grouped, PutsACommaBeforeEveryThirdDigit) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1000), "1,000");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
}

TEST(ByteSize, UsesTheUnitThatGivesFewDigits) {
  EXPECT_EQ(ByteSize(0), "0 B");
  EXPECT_EQ(ByteSize(1023), "1023 B");
  EXPECT_EQ(ByteSize(1536), "1.5 KiB");
  EXPECT_EQ(ByteSize(3ull << 40), "3.0 TiB");
}

TEST(IsoTime, CountsFromNineteenSeventyInBothDirections) {
  EXPECT_EQ(IsoTime(0), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(IsoTime(-1), "1969-12-31T23:59:59.999999Z");
  EXPECT_EQ(IsoTime(1'769'860'800'000'001), "2026-01-31T12:00:00.000001Z");
  EXPECT_EQ(TimeText(1'769'860'800'000'001), "2026-01-31 12:00:00 UTC");
}

}  // namespace
}  // namespace rhizo::cli
