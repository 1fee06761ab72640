// Power cuts at every moment of a run of publications: every acknowledged commit is there, whatever
// else the disk kept, and what is there is a state the run went through.
#include <gtest/gtest.h>

#include <algorithm>
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
    options.page_bytes = 2048;  // small, so that commits are many pages
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
          if (!HasFailure()) Check(crash, history_, states_ % 20 == 0);
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

TEST_F(CrashTest, AnInterruptedCreationIsNoDatabaseAndCanBeDoneAgain) {
  ASSERT_TRUE(vfs_->disk().CreateDirectory("/db").has_value());
  vfs_->disk().SyncAll();
  size_t before = vfs_->disk().Now();
  store_ = SqliteMetaStore::Create("/db", Options(vfs_->name())).value();
  vfs_->disk().VisitCrashes(
      random_, 3,
      [&](const DiskCrash& crash) {
        SCOPED_TRACE("power cut after operation " + std::to_string(crash.moment) + ", " +
                     crash.fate);
        RecordingVfs vfs(std::make_shared<CrashDisk>(crash.image));
        auto store = SqliteMetaStore::Open("/db", Options(vfs.name()));
        if (!store) {
          ASSERT_EQ(store.error().code(), ErrorCode::kObjectNotFound) << store.error().message();
          store = SqliteMetaStore::Create("/db", Options(vfs.name()));
        }
        ASSERT_TRUE(store.has_value()) << store.error().message();
        PublicationMaker maker(1);
        ASSERT_EQ(DifferenceFrom(Land(**store, maker, {}, 2), **store), "");
      },
      before);
}

TEST_F(CrashTest, AcknowledgedCommitsSurviveASecondPowerCutToo) {
  Create();
  Run(8);
  for (const DiskCrash& crash : vfs_->disk().States(random_, 12)) {
    if (crash.moment < history_.front().moment || HasFailure()) continue;
    SCOPED_TRACE("first power cut after operation " + std::to_string(crash.moment) + ", " +
                 crash.fate);
    RecordingVfs vfs(std::make_shared<CrashDisk>(crash.image));
    auto store = SqliteMetaStore::Open("/db", Options(vfs.name()));
    ASSERT_TRUE(store.has_value()) << store.error().message();
    std::vector<Acknowledged> again;
    for (const Acknowledged& state : history_) {
      if (DifferenceFrom(state.model, **store).empty()) again = {{vfs.disk().Now(), state.model}};
    }
    ASSERT_FALSE(again.empty());
    for (int i = 0; i < 3; ++i) {
      MetaModel next = Land(**store, maker_, again.back().model, 1 + i);
      again.push_back({vfs.disk().Now(), std::move(next)});
    }
    vfs.disk().VisitCrashes(
        random_, 1,
        [&](const DiskCrash& second) {
          if (!HasFailure()) Check(second, again, false);
        },
        again.front().moment);
  }
  std::printf("%zu states\n", states_);
}

TEST_F(CrashTest, WithoutDurabilityWhatIsFoundIsAStateThatWasAndWhatWasFlushedIsThere) {
  Create();
  store_.reset();
  SqliteMetaOptions options = Options(vfs_->name());
  options.sync = false;
  store_ = SqliteMetaStore::Open("/db", options).value();
  Run(6);
  ASSERT_TRUE(store_->Flush().has_value());
  EXPECT_FALSE(store_->HasUnsynced().value());
  std::vector<Acknowledged> since = {{vfs_->disk().Now(), history_.back().model}};
  for (int i = 0; i < 6; ++i) since.push_back({0, Land(*store_, maker_, since.back().model, 2)});
  vfs_->disk().VisitCrashes(
      random_, 1,
      [&](const DiskCrash& crash) {
        if (HasFailure()) return;
        SCOPED_TRACE("power cut after operation " + std::to_string(crash.moment) + ", " +
                     crash.fate);
        RecordingVfs vfs(std::make_shared<CrashDisk>(crash.image));
        auto store = SqliteMetaStore::Open("/db", Options(vfs.name()));
        ASSERT_TRUE(store.has_value()) << store.error().message();
        ASSERT_TRUE(std::any_of(since.begin(), since.end(), [&](const Acknowledged& state) {
          return DifferenceFrom(state.model, **store).empty();
        }));
      },
      since.front().moment);
}

TEST_F(CrashTest, AFullCommitMakesDurableWhatWasCommittedWithoutDurabilityBefore) {
  Create();
  store_.reset();
  SqliteMetaOptions options = Options(vfs_->name());
  options.sync = false;
  store_ = SqliteMetaStore::Open("/db", options).value();
  Run(5);
  store_.reset();
  store_ = SqliteMetaStore::Open("/db", Options(vfs_->name())).value();
  MetaModel model = history_.back().model;
  Publication publication = maker_.DrawSmallCommit(model, "main");
  ASSERT_TRUE(model.Publish(publication).has_value());
  {
    auto session = store_->BeginWrite(std::chrono::milliseconds(0)).value();
    ASSERT_TRUE(session->Publish(publication).has_value());
    ASSERT_TRUE(session->Commit().has_value());
  }
  history_.push_back({vfs_->disk().Now(), std::move(model)});
  EXPECT_FALSE(store_->HasUnsynced().value());
  Check({vfs_->disk().Now(), "all lost", vfs_->disk().Crash(CrashDisk::kExtremeFates[0], random_)},
        {history_.back()}, true);
}

TEST_F(CrashTest, AcknowledgedCommitsSurviveEveryPowerCut) {
  Create();
  Run(20);
  CheckAllCrashes(1);
  EXPECT_GT(states_, 1000u);
  std::printf("%zu states\n", states_);
}

}  // namespace
}  // namespace rhizo::meta
