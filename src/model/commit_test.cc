#include "model/commit.h"

#include <gtest/gtest.h>

#include <functional>

#include "base/blake3.h"
#include "model/testing/canonical.h"
#include "model/testing/samples.h"

namespace rhizo::model {
namespace {

Commit Second() { return testing::CommitSamples()[1].second; }

TEST(Commit, OnlyItsOwnEncodingIsTaken) {
  for (const auto& [name, commit] : testing::CommitSamples()) {
    SCOPED_TRACE(name);
    testing::ExpectCanonical(commit, DecodeCommit);
  }
}

TEST(Commit, IsNamedAsTheObjectItIs) {
  std::string bytes = Encode(Second());
  EXPECT_EQ(AsObjectId(CommitIdOf(bytes)), ObjectIdOf(bytes));
}

TEST(Commit, UnknownCriticalExtensionIsUnsupportedNotCorrupt) {
  Commit commit = Second();
  commit.extensions["signature"] = {true, "bytes"};
  auto decoded = DecodeCommit(Encode(commit));
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code(), ErrorCode::kUnsupported);
  EXPECT_NE(decoded.error().message().find("signature"), std::string::npos);
}

TEST(Commit, UnknownOtherExtensionIsKept) {
  Commit commit = Second();
  commit.extensions["note"] = {false, "bytes"};
  EXPECT_EQ(*DecodeCommit(Encode(commit)), commit);
}

TEST(Commit, NewerFormatIsUnsupportedWhateverFollows) {
  Commit commit = Second();
  commit.format = kFormat + 1;
  auto decoded = DecodeCommit(Encode(commit) + "what a later release adds");
  ASSERT_FALSE(decoded);
  EXPECT_EQ(decoded.error().code(), ErrorCode::kUnsupported);
}

TEST(Commit, WhatTheFormatForbidsIsNeverWritten) {
  const std::function<void(Commit*)> kCases[] = {
      [](auto* c) { c->generation = 0; },
      [](auto* c) { c->parents.clear(); },
      [](auto* c) { c->parents.push_back(c->parents[0]); },
      [](auto* c) { c->tables.push_back(c->tables[0]); },
      [](auto* c) { c->tables[0].kind = static_cast<ChangeKind>(99); },
  };
  for (const auto& spoil : kCases) {
    Commit commit = Second();
    spoil(&commit);
    EXPECT_DEATH(Encode(commit), "IsValid");
  }
}

TEST(Commit, LawNumberZeroIsNotNoLaw) {
  Commit commit = Second();
  commit.law_number = 0;
  EXPECT_EQ(DecodeCommit(Encode(commit))->law_number, 0u);
  commit.law_number = UINT32_MAX;
  EXPECT_EQ(DecodeCommit(Encode(commit))->law_number, UINT32_MAX);
}

TEST(Commit, TimesBefore1970ComeBack) {
  Commit commit = Second();
  commit.time = {-5};
  EXPECT_EQ(DecodeCommit(Encode(commit))->time, (Timestamp{-5}));
}

TEST(ChangeKind, NamesAreThoseOfTheChangelog) {
  EXPECT_EQ(ChangeKindName(ChangeKind::kCreate), "create");
  EXPECT_EQ(ChangeKindName(ChangeKind::kMerge), "merge");
}

}  // namespace
}  // namespace rhizo::model
