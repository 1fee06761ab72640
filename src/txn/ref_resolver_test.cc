#include "txn/ref_resolver.h"

#include <gtest/gtest.h>

namespace rhizo::txn {
namespace {

TEST(ParseTime, ReadsDaysTimesAndOffsets) {
  EXPECT_EQ(ParseTime("1970-01-02")->micros, 86'400'000'000);
  EXPECT_EQ(ParseTime("1970-01-01T00:00:01.5Z")->micros, 1'500'000);
  EXPECT_EQ(ParseTime("1970-01-01 01:00:00+01:00")->micros, 0);
  EXPECT_EQ(ParseTime("1970-01-01T00:30:00-0030")->micros, 3'600'000'000);
  EXPECT_TRUE(ParseTime("2024-02-29"));
}

TEST(ParseTime, TakesNothingForATimeThatIsNone) {
  for (std::string text : {"", "main", "2026-02-31", "2025-02-29", "2026-13-01",
                           "2026-01-01T25:00:00", "2026-01-01T00:00:00+-1",
                           "2026-01-01T00:00:00+ 1", "2026-01-01T00:00:00+01:-5", "2026-01-01x"}) {
    EXPECT_FALSE(ParseTime(text)) << text;
  }
  EXPECT_FALSE(ParseTime(std::string_view("2026-01-01\0x", 12)));
}

}  // namespace
}  // namespace rhizo::txn
