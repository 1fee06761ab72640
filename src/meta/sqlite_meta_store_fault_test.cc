// Every call that SQLite makes to the file system fails in turn, once and for ever: a commit that
// failed left nothing, one whose outcome is unknown can be asked for, and no answer is ever wrong,
// now or after a power cut.
#include <gtest/gtest.h>

#include <cstdio>

#include "io/testing/crash_disk.h"
#include "io/testing/temporary_directory.h"
#include "meta/sqlite_meta_store.h"
#include "meta/testing/meta_model.h"
#include "meta/testing/recording_vfs.h"

namespace rhizo::meta {
namespace {

using io::CrashDisk;

class FaultTest : public ::testing::Test {
 protected:
  SqliteMetaOptions Options(const RecordingVfs& vfs) const {
    SqliteMetaOptions options;
    options.vfs = vfs.name();
    options.lock_path = locks_.Path("write");
    options.page_bytes = 1024;
    options.fold_rows = 5;
    options.checkpoint_bytes = 30'000;
    return options;
  }

  void SetUp() override {
    auto disk = std::make_shared<CrashDisk>();
    ASSERT_TRUE(disk->CreateDirectory("/db").has_value());
    RecordingVfs vfs(disk);
    auto store = SqliteMetaStore::Create("/db", Options(vfs)).value();
    PublicationMaker maker(1);
    for (int i = 0; i < 8; ++i) Land(*store, maker, start_model_);
    store.reset();
    start_ = disk->Image();
  }

  static void Land(MetaStore& store, PublicationMaker& maker, MetaModel& model) {
    auto session = store.BeginWrite(std::chrono::milliseconds(0)).value();
    Publication publication = maker.DrawSmallCommit(model, "main");
    ASSERT_TRUE(session->Publish(publication).has_value());
    ASSERT_TRUE(session->Commit().has_value());
    ASSERT_TRUE(model.Publish(publication).has_value());
  }

  // One attempt to publish. What became of it is in `model`, or in doubt_ if that is not known.
  void Attempt(MetaStore& store, PublicationMaker& maker, MetaModel& model) {
    auto session = store.BeginWrite(std::chrono::milliseconds(0));
    if (!session) return CheckHonest(session.error());
    MetaModel next = model;
    Publication publication = maker.DrawSmallCommit(model, "main");
    ASSERT_TRUE(next.Publish(publication).has_value());
    auto published = (*session)->Publish(publication);
    if (!published) return CheckHonest(published.error());
    Status committed = (*session)->Commit();
    if (committed) {
      model = std::move(next);
    } else if (committed.error().code() == ErrorCode::kCommitUnknown) {
      doubt_ = {publication.txn, std::move(next)};
    } else {
      // A later sync proves nothing of what an earlier one failed to make durable.
      EXPECT_FALSE(syncs_fail_) << "not landed, it says: " << committed.error().message();
      CheckHonest(committed.error());
    }
  }

  // The environment failed: that is what it must say, and without paths.
  static void CheckHonest(const Error& error) {
    EXPECT_TRUE(error.code() == ErrorCode::kIo || error.code() == ErrorCode::kDiskFull)
        << ErrorCodeName(error.code()) << ": " << error.message();
    EXPECT_EQ(error.message().find("/db"), std::string::npos) << error.message();
  }

  // Asks until there is an answer; the answer then stands.
  void Resolve(MetaStore& store, MetaModel& model) {
    if (!doubt_) return;
    auto landed = store.FindTransaction(doubt_->txn);
    if (!landed) return;
    if (*landed) model = doubt_->model;
    doubt_.reset();
  }

  void Use(MetaStore& store, PublicationMaker& maker, MetaModel& model) {
    for (int i = 0; i < 9 && !HasFailure(); ++i) {
      Attempt(store, maker, model);
      Resolve(store, model);
      if (doubt_) return;  // a program would wait for somebody to mend the disk
      (void)store.ReadRef("main");
      if (!model.objects.empty()) (void)store.GetObject(model.objects.begin()->first);
      if (i == 5) (void)store.ListRefs();
    }
  }

  // False when the fault lies behind the last call.
  bool RunWith(const VfsFault& fault) {
    auto disk = std::make_shared<CrashDisk>(start_);
    MetaModel model = start_model_;
    PublicationMaker maker(2);
    doubt_.reset();
    RecordingVfs vfs(disk);
    vfs.Fail(fault);
    syncs_fail_ = fault.call == VfsCall::kSync;
    auto store = SqliteMetaStore::Open("/db", Options(vfs));
    if (store) {
      Use(**store, maker, model);
    } else {
      EXPECT_NE(store.error().code(), ErrorCode::kCorruption) << store.error().message();
    }
    bool has_failed = vfs.failures() > 0;
    vfs.Heal();
    if (store) {
      Resolve(**store, model);
      EXPECT_FALSE(doubt_.has_value()) << "unresolved on a healthy disk";
      EXPECT_EQ(DifferenceFrom(model, **store), "");
    }
    CheckAfterwards(*disk, model);
    if (store) {
      Land(**store, maker, model);
      EXPECT_EQ(DifferenceFrom(model, **store), "");
    }
    return has_failed;
  }

  void CheckAfterwards(const CrashDisk& disk, const MetaModel& model) {
    std::vector<io::DiskImage> images = {disk.Image()};
    for (const io::CrashFate& fate : CrashDisk::kExtremeFates) {
      images.push_back(disk.Crash(fate, random_));
    }
    images.push_back(disk.Crash(random_));
    for (const io::DiskImage& image : images) {
      ++states_;
      RecordingVfs vfs(std::make_shared<CrashDisk>(image));
      auto store = SqliteMetaStore::Open("/db", Options(vfs));
      ASSERT_TRUE(store.has_value()) << store.error().message();
      ASSERT_EQ(DifferenceFrom(model, **store), "");
    }
  }

  void Sweep(VfsFault fault) {
    int sites = 0;
    for (fault.nth = 0; !HasFailure(); ++fault.nth) {
      SCOPED_TRACE("call " + std::to_string(static_cast<int>(fault.call)) + " number " +
                   std::to_string(fault.nth) + (fault.for_ever ? " for ever" : "") +
                   (fault.is_full ? " full" : "") +
                   (fault.after_effect ? " after its effect" : ""));
      if (!RunWith(fault)) break;
      ++sites;
      if (fault.call == VfsCall::kRead) fault.nth += 3;  // there are many
    }
    std::printf("%d sites, %d states\n", sites, states_);
  }

  struct Doubt {
    TxnId txn;
    MetaModel model;
  };

  io::TemporaryDirectory locks_;
  io::CrashRandom random_{7};
  io::DiskImage start_;
  MetaModel start_model_;
  std::optional<Doubt> doubt_;
  bool syncs_fail_ = false;
  int states_ = 0;
};

TEST_F(FaultTest, AFailedWriteLeavesWhatWas) {
  for (bool for_ever : {false, true}) {
    for (bool after_effect : {false, true}) {
      Sweep({.call = VfsCall::kWrite, .for_ever = for_ever, .after_effect = after_effect});
    }
  }
}

TEST_F(FaultTest, AFullDiskLeavesWhatWas) {
  for (bool for_ever : {false, true}) {
    Sweep({.call = VfsCall::kWrite, .for_ever = for_ever, .is_full = true});
  }
}

TEST_F(FaultTest, AFailedSyncIsNeverTakenForSuccess) {
  for (bool for_ever : {false, true}) {
    for (bool after_effect : {false, true}) {
      Sweep({.call = VfsCall::kSync, .for_ever = for_ever, .after_effect = after_effect});
    }
  }
}

TEST_F(FaultTest, OtherFailedCallsLeaveWhatWas) {
  for (VfsCall call : {VfsCall::kOpen, VfsCall::kRead, VfsCall::kTruncate, VfsCall::kSize,
                       VfsCall::kDelete, VfsCall::kAccess, VfsCall::kShmMap}) {
    for (bool for_ever : {false, true}) Sweep({.call = call, .for_ever = for_ever});
  }
}

}  // namespace
}  // namespace rhizo::meta
