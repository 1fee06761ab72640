// Every call site of the store fails in turn: what then is acknowledged is true, what is refused
// says why, and nothing that was there before is lost.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "base/blake3.h"
#include "io/posix_file_system.h"
#include "io/testing/child_process.h"
#include "io/testing/fault_file_system.h"
#include "io/testing/memory_file_system.h"
#include "io/testing/temporary_directory.h"
#include "object/directory_object_store.h"

namespace rhizo::object {
namespace {

using io::Fault;
using io::FaultFileSystem;
using io::FileCall;

std::shared_ptr<RandomSource> Random() {
  static auto random = std::make_shared<SystemRandom>();
  return random;
}

// A store with one old, durable object on a file system with faults.
struct Database {
  Database() {
    CHECK(DirectoryObjectStore::CreateLayout(*memory, "/").has_value());
    CHECK(store.Put(ObjectIdOf("old"), "old").has_value());
    CHECK(store.SyncNames().has_value());
  }

  // Puts a new object and an old one, and makes their names durable.
  Status Commit() {
    RETURN_IF_ERROR(store.Put(ObjectIdOf("new"), "new"));
    RETURN_IF_ERROR(store.Put(ObjectIdOf("old"), "old"));
    return store.SyncNames();
  }

  std::vector<std::string> Temporaries() { return memory->List("/tmp").value(); }

  std::shared_ptr<io::MemoryFileSystem> memory = std::make_shared<io::MemoryFileSystem>();
  std::shared_ptr<FaultFileSystem> faults = std::make_shared<FaultFileSystem>(memory);
  DirectoryObjectStore store{faults, "/", Random()};
};

int CallsOfACommit() {
  Database database;
  const int before = database.faults->calls();
  CHECK(database.Commit().has_value());
  return database.faults->calls() - before;
}

void CheckWhole(Database& database, bool committed) {
  database.faults->Heal();
  EXPECT_EQ(database.store.Get(ObjectIdOf("old")).value(), "old");
  auto got = database.store.Get(ObjectIdOf("new"));
  ASSERT_TRUE(got.has_value() || !committed);
  if (got.has_value()) {
    EXPECT_EQ(*got, "new");
  } else {
    EXPECT_EQ(got.error().code(), ErrorCode::kObjectNotFound);
  }
}

class EveryCallSite : public ::testing::TestWithParam<Fault> {};

TEST_P(EveryCallSite, FailsWithoutHarm) {
  const int sites = CallsOfACommit();
  ASSERT_GT(sites, 8);
  for (int n = 0; n < sites; ++n) {
    SCOPED_TRACE("call " + std::to_string(n));
    Database database;
    Fault fault = GetParam();
    fault.nth = n;
    database.faults->Fail(fault);
    Status committed = database.Commit();
    EXPECT_GT(database.faults->failures(), 0);
    EXPECT_TRUE(committed.has_value() || committed.error().code() == fault.code);
    CheckWhole(database, committed.has_value());
  }
}

INSTANTIATE_TEST_SUITE_P(Faults, EveryCallSite,
                         ::testing::Values(Fault{}, Fault{.for_ever = true},
                                           Fault{.code = ErrorCode::kDiskFull},
                                           Fault{.for_ever = true, .code = ErrorCode::kDiskFull},
                                           Fault{.code = ErrorCode::kReadOnly},
                                           Fault{.after_effect = true},
                                           Fault{.for_ever = true, .after_effect = true}));

TEST(DirectoryObjectStoreFault, APassingFaultOfOneFileIsOvercomeByWritingAgain) {
  for (FileCall call : {FileCall::kCreate, FileCall::kAppend, FileCall::kSync, FileCall::kClose,
                        FileCall::kRename}) {
    Database database;
    database.faults->Fail({.call = call});
    EXPECT_TRUE(database.store.Put(ObjectIdOf("new"), "new").has_value());
    EXPECT_EQ(database.faults->failures(), 1);
    EXPECT_TRUE(database.Temporaries().empty());
    CheckWhole(database, true);
  }
}

TEST(DirectoryObjectStoreFault, AFileIsWrittenAgainOnlyOnce) {
  Database database;
  const int before = database.faults->calls(FileCall::kCreate);
  database.faults->Fail({.call = FileCall::kSync, .for_ever = true});
  EXPECT_FALSE(database.store.Put(ObjectIdOf("new"), "new").has_value());
  EXPECT_EQ(database.faults->calls(FileCall::kCreate), before + 2);
  EXPECT_EQ(database.faults->failures(), 2) << "no file is synced again";
}

TEST(DirectoryObjectStoreFault, AFileThatCannotBeClosedIsWorthless) {
  Database database;
  database.faults->Fail({.call = FileCall::kClose, .for_ever = true});
  EXPECT_FALSE(database.store.Put(ObjectIdOf("new"), "new").has_value());
  CheckWhole(database, false);
}

TEST(DirectoryObjectStoreFault, AFullDiskIsNotWrittenToAgain) {
  Database database;
  const int before = database.faults->calls(FileCall::kCreate);
  database.faults->Fail({.call = FileCall::kAppend, .code = ErrorCode::kDiskFull});
  EXPECT_FALSE(database.store.Put(ObjectIdOf("new"), "new").has_value());
  EXPECT_EQ(database.faults->calls(FileCall::kCreate), before + 1);
}

TEST(DirectoryObjectStoreFault, AFullDiskLeavesNoTemporaryAndNoDamage) {
  Database database;
  database.faults->LimitBytes(2);
  auto put = database.store.Put(ObjectIdOf("new"), "new");
  ASSERT_FALSE(put.has_value());
  EXPECT_EQ(put.error().code(), ErrorCode::kDiskFull);
  EXPECT_TRUE(database.Temporaries().empty());
  CheckWhole(database, false);
  EXPECT_TRUE(database.Commit().has_value()) << "there is room again";
}

TEST(DirectoryObjectStoreFault, AfterAFolderFailedToSyncNothingIsAcknowledgedAnyMore) {
  Database database;
  ASSERT_TRUE(database.store.Put(ObjectIdOf("new"), "new").has_value());
  database.faults->Fail({.call = FileCall::kSyncDirectory});
  EXPECT_FALSE(database.store.SyncNames().has_value());
  EXPECT_FALSE(database.store.SyncNames().has_value());
  EXPECT_FALSE(database.store.SyncAll().has_value());
  EXPECT_FALSE(database.store.Put(ObjectIdOf("other"), "other").has_value());
  CheckWhole(database, false);
  DirectoryObjectStore reopened(database.faults, "/", Random());
  EXPECT_TRUE(reopened.Put(ObjectIdOf("new"), "new").has_value());
  EXPECT_TRUE(reopened.SyncNames().has_value());
}

TEST(DirectoryObjectStoreFault, ReusingAnObjectSyncsItsFileAndItsFolder) {
  Database database;
  const int files = database.faults->calls(FileCall::kSync);
  const int folders = database.faults->calls(FileCall::kSyncDirectory);
  ASSERT_TRUE(database.store.Put(ObjectIdOf("old"), "old").has_value());
  EXPECT_EQ(database.faults->calls(FileCall::kSync), files + 1);
  ASSERT_TRUE(database.store.SyncNames().has_value());
  EXPECT_EQ(database.faults->calls(FileCall::kSyncDirectory), folders + 1);
}

TEST(DirectoryObjectStoreFault, AReadErrorIsNotAMissingObject) {
  Database database;
  std::string out(1, '?');
  database.faults->Fail({.for_ever = true});
  EXPECT_EQ(database.store.Get(ObjectIdOf("old")).error().code(), ErrorCode::kIo);
  EXPECT_EQ(database.store.Size(ObjectIdOf("old")).error().code(), ErrorCode::kIo);
  EXPECT_EQ(database.store.ReadAt(ObjectIdOf("old"), 0, out).error().code(), ErrorCode::kIo);
  auto listed = database.store.List([](const ObjectId&, uint64_t) { return true; });
  EXPECT_EQ(listed.error().code(), ErrorCode::kIo);
}

TEST(DirectoryObjectStoreFault, ReadingPartsOfAFewObjectsOpensEachOnce) {
  Database database;
  for (char c = 'a'; c < 'a' + 8; ++c) {
    ASSERT_TRUE(database.store.Put(ObjectIdOf(std::string(9, c)), std::string(9, c)).has_value());
  }
  const int before = database.faults->calls(FileCall::kOpen);
  std::string out(3, '?');
  for (int i = 0; i < 10; ++i) {
    for (char c = 'a'; c < 'a' + 8; ++c) {
      ASSERT_TRUE(database.store.ReadAt(ObjectIdOf(std::string(9, c)), 3, out).has_value());
      ASSERT_EQ(out, std::string(3, c));
    }
  }
  EXPECT_EQ(database.faults->calls(FileCall::kOpen), before + 8);
}

// Reads and writes 200 objects with at most `more` descriptors above those open now.
bool WorksWithDescriptors(const std::string& root, rlim_t more) {
  const auto open = static_cast<rlim_t>(dup(0));
  close(static_cast<int>(open));
  const rlimit few{open + more, open + more};
  if (setrlimit(RLIMIT_NOFILE, &few) != 0) return false;
  DirectoryObjectStore store(std::make_shared<io::PosixFileSystem>(), root, Random());
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 200; ++i) {
      const std::string bytes = "object " + std::to_string(i);
      std::string out(bytes.size(), '?');
      if (!store.Put(ObjectIdOf(bytes), bytes)) return false;
      if (!store.ReadAt(ObjectIdOf(bytes), 0, out) || out != bytes) return false;
      if (store.Get(ObjectIdOf(bytes)).value() != bytes) return false;
      for (int n = 0; n < i % 7; ++n) {
        static_cast<void>(store.ReadAt(ObjectIdOf("object " + std::to_string(n)), 0, {}));
      }
      if (i % 3 == 0 && !store.SyncNames()) return false;
    }
  }
  int read = 0;
  Status listed = store.List([&](const ObjectId& id, uint64_t) {
    read += store.ReadAt(id, 0, {}).has_value() ? 1 : 0;
    return true;
  });
  return listed.has_value() && read == 200;
}

TEST(DirectoryObjectStoreFault, AFewDescriptorsAreEnoughForAnyNumberOfObjects) {
  io::TemporaryDirectory directory;
  io::PosixFileSystem posix;
  ASSERT_TRUE(DirectoryObjectStore::CreateLayout(posix, directory.path()).has_value());
  EXPECT_TRUE(io::TrueInChild([&] { return WorksWithDescriptors(directory.path(), 16); }));
  EXPECT_TRUE(io::TrueInChild([&] { return WorksWithDescriptors(directory.path(), 4); }));
}

TEST(DirectoryObjectStoreFault, NoMoreThanAFewFilesStayOpen) {
  io::TemporaryDirectory directory;
  auto posix = std::make_shared<io::PosixFileSystem>();
  ASSERT_TRUE(DirectoryObjectStore::CreateLayout(*posix, directory.path()).has_value());
  DirectoryObjectStore store(posix, directory.path(), Random());
  const size_t before = posix->List("/proc/self/fd").value().size();
  for (int i = 0; i < 50; ++i) {
    const std::string bytes = "object " + std::to_string(i);
    ASSERT_TRUE(store.Put(ObjectIdOf(bytes), bytes).has_value());
    ASSERT_TRUE(store.ReadAt(ObjectIdOf(bytes), 0, {}).has_value());
  }
  EXPECT_EQ(posix->List("/proc/self/fd").value().size(), before + DirectoryObjectStore::kOpenFiles);
}

TEST(DirectoryObjectStoreFault, TwoStoresThatPutTheSameObjectAtOnceBothSucceed) {
  io::TemporaryDirectory directory;
  auto posix = std::make_shared<io::PosixFileSystem>();
  ASSERT_TRUE(DirectoryObjectStore::CreateLayout(*posix, directory.path()).has_value());
  std::vector<std::jthread> writers;
  for (int w = 0; w < 3; ++w) {
    writers.emplace_back([&] {
      DirectoryObjectStore store(posix, directory.path(), Random());
      for (int i = 0; i < 50; ++i) {
        const std::string bytes = "shared " + std::to_string(i);
        EXPECT_TRUE(store.Put(ObjectIdOf(bytes), bytes).has_value());
        EXPECT_EQ(store.Get(ObjectIdOf(bytes)).value(), bytes);
      }
      EXPECT_TRUE(store.SyncNames().has_value());
    });
  }
  writers.clear();
  EXPECT_TRUE(posix->List(directory.Path("tmp")).value().empty());
}

}  // namespace
}  // namespace rhizo::object
