#include "model/features.h"

#include <gtest/gtest.h>

#include "model/testing/canonical.h"
#include "model/testing/samples.h"

namespace rhizo::model {
namespace {

constexpr Features kKnown{1, 1, 1};

TEST(Features, OnlyTheirOwnEncodingIsTaken) {
  testing::ExpectCanonical(testing::FeaturesSamples()[0].second, DecodeFeatures);
}

TEST(Features, KnownOnesAllowEverything) {
  EXPECT_EQ(*CheckFeatures({1, 1, 1}, kKnown), Access::kReadWrite);
}

TEST(Features, UnknownIgnorableOneIsIgnored) {
  EXPECT_EQ(*CheckFeatures({6, 0, 0}, kKnown), Access::kReadWrite);
}

TEST(Features, UnknownReadOnlyOneForbidsWriting) {
  EXPECT_EQ(*CheckFeatures({0, 2, 0}, kKnown), Access::kReadOnly);
}

TEST(Features, UnknownRequiredOneForbidsOpening) {
  EXPECT_EQ(CheckFeatures({0, 0, 3}, kKnown).error().code(), ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace rhizo::model
