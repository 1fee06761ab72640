// Power cuts at every moment of a run of publications: every acknowledged commit is there, whatever
// else the disk kept, and what is there is a state the run went through.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "io/testing/crash_disk.h"
#include "io/testing/temporary_directory.h"
#include "meta/sqlite_meta_store.h"
#include "meta/testing/meta_model.h"
#include "meta/testing/recording_vfs.h"

namespace rhizo::meta {
namespace {

using io::CrashDisk;
using io::DiskCrash;

// RHIZO_TEST_SEED repeats a run.
uint64_t DrawSeed() {
  const char* given = std::getenv("RHIZO_TEST_SEED");
  return given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
}

class CrashTest : public ::testing::Test {
 protected:
  CrashTest() { std::printf("seed %lu\n", static_cast<unsigned long>(seed_)); }

  SqliteMetaOptions Options(const std::string& vfs) const {
    SqliteMetaOptions options;
    options.vfs = vfs;
    options.lock_path = locks_.Path("write");
    options.page_bytes = 1024;  // small, so that commits are many pages
    options.fold_rows = 6;
    options.checkpoint_bytes = 40'000;
    return options;
  }

  // States of the model, each with the moment from which on it (or a later one) must be found.
  struct Acknowledged {
    size_t moment;
    MetaModel model;
  };

  static MetaModel Land(MetaStore& store, PublicationMaker& maker, const MetaModel& before,
                        int publications) {
    MetaModel model = before;
    auto session = store.BeginWrite(std::chrono::milliseconds(0)).value();
    for (int i = 0; i < publications; ++i) {
      Publication publication = maker.Draw(model);
      EXPECT_EQ(session->Publish(publication).has_value(), model.Publish(publication).has_value());
    }
    Status committed = session->Commit();
    EXPECT_TRUE(committed.has_value()) << committed.error().message();
    return model;
  }

  // Opens what the crash left and looks. `after`: states acknowledged in order, the last one
  // perhaps not.
  void Check(const DiskCrash& crash, const std::vector<Acknowledged>& history, bool deep) {
    ++states_;
    SCOPED_TRACE("power cut after operation " + std::to_string(crash.moment) + ", " + crash.fate);
    size_t least = 0;
    while (least + 1 < history.size() && history[least + 1].moment <= crash.moment) ++least;
    RecordingVfs vfs(std::make_shared<CrashDisk>(crash.image));
    auto store = SqliteMetaStore::Open("/db", Options(vfs.name()));
    ASSERT_TRUE(store.has_value()) << store.error().message();
    std::string difference = DifferenceFrom(history[least].model, **store);
    size_t found = least;
    if (!difference.empty() && least + 1 < history.size()) {
      // The commit that was under way when the power went may have landed.
      difference = DifferenceFrom(history[++found].model, **store);
    }
    ASSERT_EQ(difference, "");
    if (!deep) return;
    ASSERT_TRUE((*store)
                    ->Verify([](std::string_view what, std::string_view problem) {
                      ADD_FAILURE() << what << ": " << problem;
                    })
                    .has_value());
    PublicationMaker maker(states_);
    MetaModel next = Land(**store, maker, history[found].model, 2);
    ASSERT_EQ(DifferenceFrom(next, **store), "");
  }

  // A disk with a new database in /db.
  void Create() {
    ASSERT_TRUE(vfs_->disk().CreateDirectory("/db").has_value());
    vfs_->disk().SyncAll();
    store_ = SqliteMetaStore::Create("/db", Options(vfs_->name())).value();
    ASSERT_TRUE(vfs_->disk().SyncDirectory("/db").has_value());
    history_.push_back({vfs_->disk().Now(), {}});
  }

  void Run(int commits) {
    for (int i = 0; i < commits; ++i) {
      MetaModel next = Land(*store_, maker_, history_.back().model, static_cast<int>(i % 3) + 1);
      history_.push_back({vfs_->disk().Now(), std::move(next)});
    }
  }

  void CheckAllCrashes(size_t random_fates) {
    vfs_->disk().VisitCrashes(
        random_, random_fates,
        [&](const DiskCrash& crash) {
          if (!HasFailure()) Check(crash, history_, states_ % 7 == 0);
        },
        history_.front().moment);
  }

  const uint64_t seed_ = DrawSeed();
  io::CrashRandom random_{seed_};
  PublicationMaker maker_{seed_};
  io::TemporaryDirectory locks_;
  std::unique_ptr<RecordingVfs> vfs_ =
      std::make_unique<RecordingVfs>(std::make_shared<CrashDisk>());
  std::unique_ptr<SqliteMetaStore> store_;
  std::vector<Acknowledged> history_;
  size_t states_ = 0;
};

TEST_F(CrashTest, AcknowledgedCommitsSurviveEveryPowerCut) {
  Create();
  Run(20);
  CheckAllCrashes(1);
  EXPECT_GT(states_, 1000u);
  std::printf("%zu states\n", states_);
}

}  // namespace
}  // namespace rhizo::meta
