#include "io/path.h"

#include <gtest/gtest.h>

namespace rhizo::io {
namespace {

TEST(Path, MessagesShowOnlyTheLastTwoParts) {
  EXPECT_EQ(ShortPath("/home/someone/data/objects/3f/abcd"), "3f/abcd");
  EXPECT_EQ(ShortPath("tmp/x"), "tmp/x");
  EXPECT_EQ(ShortPath("/x"), "x");
  EXPECT_EQ(ShortPath("x"), "x");
  EXPECT_EQ(ShortPath("/a/b/c/"), "b/c");
}

TEST(Path, TheParentIsWhatStandsBeforeTheName) {
  EXPECT_EQ(ParentPath("/a/b"), "/a");
  EXPECT_EQ(ParentPath("/a"), "/");
  EXPECT_EQ(ParentPath("a"), ".");
  EXPECT_EQ(ParentPath("/a/b/"), "/a");
}

TEST(Path, JoiningPutsExactlyOneSlashBetween) {
  EXPECT_EQ(JoinPath("/a", "b"), "/a/b");
  EXPECT_EQ(JoinPath("/a/", "b"), "/a/b");
  EXPECT_EQ(JoinPath("/", "b"), "/b");
}

}  // namespace
}  // namespace rhizo::io
