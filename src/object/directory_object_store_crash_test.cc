// Power cuts at every moment: an object that was acknowledged (Put, then SyncNames) is there and
// whole in every state the disk may be found in; any other is absent or whole, never torn under its
// name.
#include <gtest/gtest.h>

#include "base/blake3.h"
#include "io/testing/crash_file_system.h"
#include "io/testing/fault_file_system.h"
#include "object/directory_object_store.h"

namespace rhizo::object {
namespace {

using io::CrashDisk;
using io::CrashFileSystem;
using io::DiskCrash;

// The layout of a database on a disk at rest.
io::DiskImage EmptyDatabase() {
  auto disk = std::make_shared<CrashDisk>();
  CrashFileSystem fs(disk);
  CHECK(DirectoryObjectStore::CreateLayout(fs, "/").has_value());
  return disk->Image();
}

class CrashTest : public ::testing::Test {
 protected:
  CrashTest() { RecordProperty("seed", std::to_string(seed_)); }
  ~CrashTest() override {
    if (HasFailure()) std::printf("seed %lu\n", static_cast<unsigned long>(seed_));
  }

  // Several stores may share the disk, as processes do.
  std::unique_ptr<DirectoryObjectStore> Open(bool sync = true) {
    return std::make_unique<DirectoryObjectStore>(fs_, "/", random_source_, sync);
  }

  std::string Bytes(size_t size) {
    std::string bytes(size, '\0');
    random_source_->Fill(bytes.data(), bytes.size());
    return bytes;
  }

  ObjectId Put(ObjectStore& store, const std::string& bytes) {
    ObjectId id = ObjectIdOf(bytes);
    EXPECT_TRUE(store.Put(id, bytes).has_value());
    written_.emplace(id, bytes);
    return id;
  }

  // Every object of `ids` counts as durable from this moment on.
  void Acknowledge(const std::vector<ObjectId>& ids) {
    for (const ObjectId& id : ids) acknowledged_.try_emplace(id, disk_->Now());
  }

  void PutAndAcknowledge(ObjectStore& store, const std::vector<std::string>& objects) {
    std::vector<ObjectId> ids;
    for (const auto& bytes : objects) ids.push_back(Put(store, bytes));
    ASSERT_TRUE(store.SyncNames().has_value());
    Acknowledge(ids);
  }

  // What a process finds that opens the database after the crash.
  void CheckCrash(const DiskCrash& crash, bool may_be_torn = false) {
    ++states_;
    SCOPED_TRACE("power cut after operation " + std::to_string(crash.moment) + ", " + crash.fate);
    DirectoryObjectStore store(
        std::make_shared<CrashFileSystem>(std::make_shared<CrashDisk>(crash.image)), "/",
        random_source_);
    for (const auto& [id, moment] : acknowledged_) {
      if (moment > crash.moment) continue;
      auto got = store.Get(id);
      ASSERT_TRUE(got.has_value()) << "an acknowledged object: " << got.error().message();
      ASSERT_EQ(*got, written_.at(id));
    }
    if (!may_be_torn) CheckThatAllIsWhole(store);
  }

  static void CheckThatAllIsWhole(DirectoryObjectStore& store) {
    Status listed = store.List([&](const ObjectId& id, uint64_t) {
      auto got = store.Get(id);
      EXPECT_TRUE(got.has_value()) << "torn under its name: " << got.error().message();
      return got.has_value();
    });
    ASSERT_TRUE(listed.has_value());
  }

  void CheckAllCrashes(size_t random_fates) {
    disk_->VisitCrashes(random_, random_fates, [&](const DiskCrash& crash) {
      if (!HasFatalFailure() && !HasNonfatalFailure()) CheckCrash(crash);
    });
  }

  const uint64_t seed_ = std::random_device()();
  io::CrashRandom random_{seed_};
  std::shared_ptr<SeededRandom> random_source_ = std::make_shared<SeededRandom>(seed_);
  std::shared_ptr<CrashDisk> disk_ = std::make_shared<CrashDisk>(EmptyDatabase());
  std::shared_ptr<CrashFileSystem> fs_ = std::make_shared<CrashFileSystem>(disk_);
  std::map<ObjectId, std::string> written_;
  std::map<ObjectId, size_t> acknowledged_;  // id -> moment
  size_t states_ = 0;
};

TEST_F(CrashTest, AcknowledgedObjectsSurviveEveryCrash) {
  auto store = Open();
  for (int batch = 0; batch < 12; ++batch) {
    std::vector<std::string> objects;
    for (size_t i = 0; i < 1 + random_() % 4; ++i) objects.push_back(Bytes(random_() % 3000));
    PutAndAcknowledge(*store, objects);
  }
  CheckAllCrashes(15);
  EXPECT_GT(states_, 2000u);
}

TEST_F(CrashTest, AnObjectThatADeadProcessWroteIsDurableOnceReused) {
  const std::string bytes = Bytes(2000);
  // Killed between rename and the sync of the folder, one that never synced at all, and one that
  // left the file of another's content length.
  Put(*Open(), bytes);
  const std::string unsynced = Bytes(2000);
  Put(*Open(/*sync=*/false), unsynced);
  PutAndAcknowledge(*Open(), {bytes, unsynced});
  disk_->VisitCrashes(random_, 20, [&](const DiskCrash& crash) { CheckCrash(crash, true); });
}

TEST_F(CrashTest, WhatAPowerCutSpoiledUnderDurabilityNoneIsWrittenAnewNotReused) {
  const std::string bytes = Bytes(3000);
  const ObjectId id = ObjectIdOf(bytes);
  ASSERT_TRUE(Open(/*sync=*/false)->Put(id, bytes).has_value());
  written_.emplace(id, bytes);
  for (const DiskCrash& crash : disk_->States(random_, 60)) {
    disk_ = std::make_shared<CrashDisk>(crash.image);
    fs_ = std::make_shared<CrashFileSystem>(disk_);
    acknowledged_.clear();
    PutAndAcknowledge(*Open(), {bytes});
    disk_->VisitCrashes(random_, 3, [&](const DiskCrash& second) { CheckCrash(second, true); });
  }
}

TEST_F(CrashTest, CrashingAgainAfterReopeningLosesNothingEither) {
  auto store = Open();
  PutAndAcknowledge(*store, {Bytes(1000), Bytes(100)});
  Put(*store, Bytes(700));
  const auto before = acknowledged_;
  const auto crashes = disk_->States(random_, 100);
  for (const DiskCrash& crash : crashes) {
    acknowledged_.clear();
    for (const auto& [id, moment] : before) {
      if (moment <= crash.moment) acknowledged_[id] = 0;
    }
    disk_ = std::make_shared<CrashDisk>(crash.image);
    fs_ = std::make_shared<CrashFileSystem>(disk_);
    std::vector<std::string> again;
    for (const auto& [id, bytes] : written_) again.push_back(bytes);
    PutAndAcknowledge(*Open(), again);
    CheckAllCrashes(1);
  }
}

TEST_F(CrashTest, SyncingEverythingMakesWhatWasPutWithoutSyncingDurable) {
  auto store = Open(/*sync=*/false);
  std::vector<ObjectId> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(Put(*store, Bytes(1500)));
  ASSERT_TRUE(store->SyncAll().has_value());
  Acknowledge(ids);
  disk_->VisitCrashes(
      random_, 20, [&](const DiskCrash& crash) { CheckCrash(crash); }, disk_->Now());
}

TEST_F(CrashTest, DurabilityNoneIsReallyWithoutSyncs) {
  auto store = Open(/*sync=*/false);
  Put(*store, Bytes(1000));
  ASSERT_TRUE(store->SyncNames().has_value());
  EXPECT_TRUE(disk_->Crash(CrashDisk::kExtremeFates[0], random_).files.empty());
}

TEST_F(CrashTest, AfterAFailedSyncTheBytesAreWrittenAgainUnderAnotherName) {
  auto store = Open();
  fs_->FailSyncOfFile(0);
  PutAndAcknowledge(*store, {Bytes(2000)});
  CheckAllCrashes(20);
}

TEST_F(CrashTest, AReusedFileThatFailsToSyncIsReplaced) {
  const std::string bytes = Bytes(2000);
  Put(*Open(/*sync=*/false), bytes);
  fs_->FailSyncOfFile(0);
  PutAndAcknowledge(*Open(), {bytes});
  disk_->VisitCrashes(
      random_, 50, [&](const DiskCrash& crash) { CheckCrash(crash); }, disk_->Now());
}

TEST_F(CrashTest, EveryObjectOfABatchIsDurableWhicheverFolderItIsIn) {
  auto store = Open();
  std::vector<std::string> objects;
  for (int i = 0; i < 600; ++i) objects.push_back(Bytes(20));
  PutAndAcknowledge(*store, objects);
  disk_->VisitCrashes(
      random_, 5, [&](const DiskCrash& crash) { CheckCrash(crash); }, disk_->Now());
}

TEST_F(CrashTest, ABatchSyncsEachTouchedFolderOnceAndNoOther) {
  auto faults = std::make_shared<io::FaultFileSystem>(fs_);
  DirectoryObjectStore store(faults, "/", random_source_);
  std::set<uint8_t> folders;
  for (int i = 0; i < 40; ++i) folders.insert(Put(store, Bytes(20)).bytes[0]);
  ASSERT_TRUE(store.SyncNames().has_value());
  EXPECT_EQ(faults->calls(io::FileCall::kSyncDirectory), static_cast<int>(folders.size()));
  ASSERT_TRUE(store.SyncNames().has_value());
  EXPECT_EQ(faults->calls(io::FileCall::kSyncDirectory), static_cast<int>(folders.size()));
}

TEST_F(CrashTest, TheLayoutIsThereAfterEveryCrashOnceItWasMade) {
  disk_ = std::make_shared<CrashDisk>();
  CrashFileSystem fs(disk_);
  ASSERT_TRUE(DirectoryObjectStore::CreateLayout(fs, "/").has_value());
  disk_->VisitCrashes(
      random_, 20, [&](const DiskCrash& crash) { ASSERT_EQ(crash.image.directories.size(), 258u); },
      disk_->Now());
}

}  // namespace
}  // namespace rhizo::object
