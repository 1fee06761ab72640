#include "cli/time_argument.h"

#include <gtest/gtest.h>

namespace rhizo::cli {
namespace {

TEST(TimeArgument, DatesAndTimesAreUtc) {
  EXPECT_EQ(*ParseTimeArgument("1970-01-02"), 86'400'000'000);
  EXPECT_EQ(*ParseTimeArgument("2026-01-31T12:00:00Z"), 1'769'860'800'000'000);
  EXPECT_EQ(*ParseTimeArgument("2026-01-31 12:00:00"), 1'769'860'800'000'000);
}

TEST(TimeArgument, SpansCountFromNow) {
  int64_t day = *ParseTimeArgument("1d");
  int64_t hour = *ParseTimeArgument("1h");
  EXPECT_GT(day - hour, 22ll * 3600 * 1'000'000);
  EXPECT_LE(day - hour, 23ll * 3600 * 1'000'000);
}

TEST(TimeArgument, WhatIsNoTimeIsRefused) {
  for (const char* text : {"", "d", "12", "12x", "-1d", "tomorrow", "2026-02-31", "2026-13-01",
                           "2026-01-31T12:00:00Zx", "99999999d"}) {
    auto parsed = ParseTimeArgument(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code(), ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace rhizo::cli
