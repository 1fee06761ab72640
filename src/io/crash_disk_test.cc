#include "io/testing/crash_disk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace rhizo::io {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

// The content of a file in many crashes at this moment; "absent" where it has no name.
std::set<std::string> Outcomes(const CrashDisk& disk, const std::string& path) {
  CrashRandom random(1);
  std::set<std::string> outcomes;
  disk.VisitCrashes(
      random, 300,
      [&](const DiskCrash& crash) {
        auto found = crash.image.files.find(path);
        outcomes.insert(found == crash.image.files.end() ? "absent" : *found->second);
      },
      disk.Now());
  return outcomes;
}

// A disk with a durable, empty file /f.
struct DiskWithFile {
  DiskWithFile() : disk({.directories = {"/d"}, .files = {{"/f", Bytes("")}}}) {}
  static FileBytes Bytes(std::string bytes) {
    return std::make_shared<const std::string>(std::move(bytes));
  }
  CrashDisk disk;
  Inode file = disk.Open("/f").value();
};

TEST(CrashDisk, AnUnsyncedWriteIsKeptOrLostOrLeavesZeros) {
  DiskWithFile f;
  f.disk.Append(f.file, "abc");
  EXPECT_THAT(Outcomes(f.disk, "/f"), ElementsAre("", std::string(3, '\0'), "abc"));
}

TEST(CrashDisk, ASyncedWriteIsThere) {
  DiskWithFile f;
  f.disk.Append(f.file, "abc");
  f.disk.Sync(f.file);
  EXPECT_THAT(Outcomes(f.disk, "/f"), ElementsAre("abc"));
}

TEST(CrashDisk, AnUnsyncedWriteTearsBetweenSectors) {
  DiskWithFile f;
  f.disk.Append(f.file, std::string(1024, 'x'));
  auto outcomes = Outcomes(f.disk, "/f");
  EXPECT_THAT(outcomes, Contains(std::string(512, 'x')));
  EXPECT_THAT(outcomes, Contains(std::string(512, '\0') + std::string(512, 'x')));
  for (const auto& outcome : outcomes) {
    EXPECT_EQ(std::ranges::count(outcome, 'x') % 512, 0) << "torn inside a sector";
  }
}

TEST(CrashDisk, UnsyncedWritesReachTheDiskInAnyOrder) {
  DiskWithFile f;
  f.disk.Append(f.file, std::string(512, 'a'));
  f.disk.Append(f.file, std::string(512, 'b'));
  EXPECT_THAT(Outcomes(f.disk, "/f"), Contains(std::string(512, '\0') + std::string(512, 'b')));
}

TEST(CrashDisk, AnUnsyncedTruncationMayBeUndone) {
  DiskWithFile f;
  f.disk.Append(f.file, "abc");
  f.disk.Sync(f.file);
  f.disk.Truncate(f.file, 1);
  EXPECT_THAT(Outcomes(f.disk, "/f"), ElementsAre("a", "abc"));
  f.disk.Sync(f.file);
  EXPECT_THAT(Outcomes(f.disk, "/f"), ElementsAre("a"));
}

TEST(CrashDisk, SyncingAFileDoesNotMakeItsNameDurable) {
  DiskWithFile f;
  Inode made = f.disk.Create("/d/new").value();
  f.disk.Append(made, "abc");
  f.disk.Sync(made);
  EXPECT_THAT(Outcomes(f.disk, "/d/new"), ElementsAre("abc", "absent"));
  ASSERT_TRUE(f.disk.SyncDirectory("/d").has_value());
  EXPECT_THAT(Outcomes(f.disk, "/d/new"), ElementsAre("abc"));
}

TEST(CrashDisk, SyncingAFolderDoesNotMakeContentDurable) {
  DiskWithFile f;
  Inode made = f.disk.Create("/d/new").value();
  f.disk.Append(made, "abc");
  ASSERT_TRUE(f.disk.SyncDirectory("/d").has_value());
  EXPECT_THAT(Outcomes(f.disk, "/d/new"), ElementsAre("", std::string(3, '\0'), "abc"));
}

TEST(CrashDisk, ANewFolderNeedsItsParentSynced) {
  CrashDisk disk;
  ASSERT_TRUE(disk.CreateDirectory("/a").has_value());
  disk.Sync(disk.Create("/a/f").value());
  ASSERT_TRUE(disk.SyncDirectory("/a").has_value());
  EXPECT_THAT(Outcomes(disk, "/a/f"), ElementsAre("", "absent"));
  ASSERT_TRUE(disk.SyncDirectory("/").has_value());
  EXPECT_THAT(Outcomes(disk, "/a/f"), ElementsAre(""));
}

TEST(CrashDisk, AnUnsyncedRenameMayBeUndoneButNeverLosesBothNames) {
  DiskWithFile f;
  ASSERT_TRUE(f.disk.Rename("/f", "/d/g", false).has_value());
  CrashRandom random(2);
  std::set<std::pair<bool, bool>> names;
  for (int i = 0; i < 200; ++i) {
    DiskImage image = f.disk.Crash(random);
    names.insert({image.files.contains("/f"), image.files.contains("/d/g")});
  }
  EXPECT_THAT(names, ElementsAre(std::pair(false, true), std::pair(true, false)));
}

TEST(CrashDisk, ARenameIsDurableWhenItsTargetFolderIsSynced) {
  DiskWithFile f;
  ASSERT_TRUE(f.disk.Rename("/f", "/d/g", false).has_value());
  ASSERT_TRUE(f.disk.SyncDirectory("/d").has_value());
  EXPECT_THAT(Outcomes(f.disk, "/d/g"), ElementsAre(""));
  EXPECT_THAT(Outcomes(f.disk, "/f"), ElementsAre("", "absent"));
  ASSERT_TRUE(f.disk.SyncDirectory("/").has_value());
  EXPECT_THAT(Outcomes(f.disk, "/f"), ElementsAre("absent"));
}

TEST(CrashDisk, SyncingOnlyTheSourceFolderLosesNothing) {
  DiskWithFile f;
  ASSERT_TRUE(f.disk.Rename("/f", "/d/g", false).has_value());
  ASSERT_TRUE(f.disk.SyncDirectory("/").has_value());
  EXPECT_THAT(Outcomes(f.disk, "/d/g"), ElementsAre(""));
}

TEST(CrashDisk, AnUnsyncedReplacementLeavesOneOfBoth) {
  DiskWithFile f;
  f.disk.Append(f.file, "old");
  f.disk.Sync(f.file);
  Inode made = f.disk.Create("/new").value();
  f.disk.Append(made, "new");
  f.disk.Sync(made);
  ASSERT_TRUE(f.disk.SyncDirectory("/").has_value());
  ASSERT_TRUE(f.disk.Rename("/new", "/f", true).has_value());
  EXPECT_THAT(Outcomes(f.disk, "/f"), ElementsAre("new", "old"));
}

TEST(CrashDisk, AnUnsyncedRemovalMayBeUndone) {
  DiskWithFile f;
  ASSERT_TRUE(f.disk.Remove("/f").has_value());
  EXPECT_THAT(Outcomes(f.disk, "/f"), ElementsAre("", "absent"));
  ASSERT_TRUE(f.disk.SyncDirectory("/").has_value());
  EXPECT_THAT(Outcomes(f.disk, "/f"), ElementsAre("absent"));
}

TEST(CrashDisk, AfterAFailedSyncAnotherOneProvesNothing) {
  DiskWithFile f;
  f.disk.Append(f.file, "abc");
  f.disk.FailSync(f.file);
  f.disk.Sync(f.file);
  EXPECT_THAT(Outcomes(f.disk, "/f"), ElementsAre(""));
  EXPECT_EQ(f.disk.Size(f.file), 3u);
}

TEST(CrashDisk, EveryMomentIsVisitedWithEveryFate) {
  DiskWithFile f;
  f.disk.Append(f.file, "abc");
  f.disk.Sync(f.file);
  CrashRandom random(3);
  std::map<size_t, int> visited;
  f.disk.VisitCrashes(random, 2, [&](const DiskCrash& crash) { ++visited[crash.moment]; });
  const int each = static_cast<int>(std::size(CrashDisk::kExtremeFates)) + 2;
  EXPECT_THAT(visited, ElementsAre(std::pair(0, each), std::pair(1, each), std::pair(2, each)));
}

TEST(CrashDisk, StatesAreSpreadOverTheMomentsUpToTheLimit) {
  DiskWithFile f;
  for (int i = 0; i < 500; ++i) f.disk.Append(f.file, "x");
  CrashRandom random(4);
  auto states = f.disk.States(random, 80);
  EXPECT_LE(states.size(), 80u);
  EXPECT_GE(states.size(), 64u);
  EXPECT_EQ(states.front().moment, 0u);
  EXPECT_GT(states.back().moment, 400u);
}

// Random operations on a few names.
void Scramble(CrashDisk& disk, CrashRandom& random, int operations) {
  auto path = [&] {
    static const std::vector<std::string> kPaths = {"/a", "/b", "/d/a", "/d/b", "/e/a"};
    return kPaths[random() % kPaths.size()];
  };
  for (int i = 0; i < operations; ++i) {
    auto file = disk.Open(path());
    switch (random() % 9) {
      case 0: static_cast<void>(disk.Create(path())); break;
      case 1: static_cast<void>(disk.Rename(path(), path(), random() % 2 == 0)); break;
      case 2: static_cast<void>(disk.Remove(path())); break;
      case 3: static_cast<void>(disk.SyncDirectory(random() % 2 == 0 ? "/" : "/d")); break;
      case 4:
        if (file) disk.Sync(*file);
        break;
      case 5:
        if (file) disk.Truncate(*file, random() % 600);
        break;
      default:
        if (file)
          disk.WriteAt(*file, random() % 600, std::string(random() % 900 + 1, 'a' + i % 26));
    }
  }
}

std::map<std::string, std::string> Files(const DiskImage& image) {
  std::map<std::string, std::string> files;
  for (const auto& [path, bytes] : image.files) files[path] = *bytes;
  return files;
}

TEST(CrashDisk, KeepingEverythingIsWhatTheProcessSawWhateverItDid) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  CrashRandom random(seed);
  for (int round = 0; round < 50; ++round) {
    CrashDisk disk({.directories = {"/d", "/e"}, .files = {}});
    for (int i = 0; i < 20; ++i) {
      Scramble(disk, random, 5);
      DiskImage kept = disk.Crash(CrashDisk::kExtremeFates[1], random);
      ASSERT_EQ(Files(kept), Files(disk.Image()));
      ASSERT_EQ(kept.directories, disk.Image().directories);
    }
  }
}

TEST(CrashDisk, AfterSyncingEverythingACrashChangesNothing) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  CrashRandom random(seed);
  CrashDisk disk({.directories = {"/d", "/e"}, .files = {}});
  for (int i = 0; i < 20; ++i) {
    Scramble(disk, random, 20);
    disk.SyncAll();
    for (int j = 0; j < 5; ++j) ASSERT_EQ(Files(disk.Crash(random)), Files(disk.Image()));
  }
}

TEST(CrashDisk, ADiskStartedFromACrashHoldsItDurably) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  CrashRandom random(seed);
  CrashDisk disk({.directories = {"/d", "/e"}, .files = {}});
  Scramble(disk, random, 200);
  DiskImage image = disk.Crash(random);
  CrashDisk again(image);
  EXPECT_EQ(Files(again.Image()), Files(image));
  EXPECT_EQ(Files(again.Crash(CrashDisk::kExtremeFates[0], random)), Files(image));
  EXPECT_TRUE(again.Create("/d/fresh").has_value());
}

}  // namespace
}  // namespace rhizo::io
