// Every call to the file system that a database makes (its files' and SQLite's) fails in turn, once
// and for ever; disks fill up. What failed changed nothing, or happened, or says that it does not
// know and can be asked by its transaction id; nothing that is shown is ever wrong; the database
// verifies afterwards, and after a power cut.
#include <gtest/gtest.h>

#include <cstdio>

#include "base/testing/scale.h"
#include "support/crash_database.h"
#include "support/database_model.h"
#include "support/workload.h"

namespace rhizo::tests {
namespace {

using io::CrashDisk;
using io::Fault;
using io::FileCall;
using meta::VfsCall;
using meta::VfsFault;
using Kind = Workload::Kind;

class FaultTest : public ::testing::Test {
 protected:
  // A database with some history, at rest.
  void SetUp() override {
    auto disk = place_.NewDisk();
    CrashDatabase database(place_, disk);
    auto repository = database.Open();
    ASSERT_TRUE(repository.has_value()) << repository.error().message();
    start_model_ = ModelOfNew(**repository).value();
    Workload workload(seed_);
    for (Kind kind : {Kind::kManyTables, Kind::kLargeWrite, Kind::kAppend, Kind::kSmallWrite}) {
      Step step = workload.TryCommit(*repository, start_model_, kind, txn::kMainBranch);
      ASSERT_TRUE(step.outcome.has_value()) << step.outcome.error().message();
      start_model_ = std::move(step.after);
    }
    repository->reset();
    start_ = disk->Image();
  }

  // The changes that faults fall into.
  static constexpr int kSteps = 6;
  static Step TryStep(int number, Workload& workload,
                      const std::shared_ptr<txn::Repository>& repository,
                      const DatabaseModel& model) {
    static constexpr Kind kKinds[kSteps] = {Kind::kAppend,       Kind::kLargeWrite, Kind::kAppend,
                                            Kind::kLargeMessage, Kind::kManyTables, Kind::kRename};
    if (number == 2) return workload.TryRef(repository, model);
    return workload.TryCommit(repository, model, kKinds[number], txn::kMainBranch);
  }

  // What is known of the database while it is in trouble.
  struct Knowledge {
    DatabaseModel model;
    std::optional<Step> doubt;  // may have happened
    bool knows_refs = true;     // false: a change of refs without an id is in doubt
  };

  static void CheckHonest(const Error& error, const std::string& what) {
    EXPECT_TRUE(error.code() == ErrorCode::kIo || error.code() == ErrorCode::kDiskFull ||
                error.code() == ErrorCode::kReadOnly || error.code() == ErrorCode::kCommitUnknown)
        << what << ": " << ErrorCodeName(error.code()) << ": " << error.message();
    EXPECT_EQ(error.message().find("rhizo-test"), std::string::npos) << error.message();
  }

  void Use(const std::shared_ptr<txn::Repository>& repository, Knowledge* knowledge) {
    Workload workload(seed_ + 1);
    for (int number = 0; number < kSteps && !knowledge->doubt; ++number) {
      Step step = TryStep(number, workload, repository, knowledge->model);
      if (step.outcome) {
        knowledge->model = std::move(step.after);
        continue;
      }
      ++refusals_;
      CheckHonest(step.outcome.error(), step.what);
      if (step.outcome.error().code() == ErrorCode::kCommitUnknown) {
        ++unknown_;
        EXPECT_EQ(step.outcome.error().field("txn_id").empty(), !step.txn.has_value());
        knowledge->doubt = std::move(step);
      }
      Resolve(*repository, knowledge);
    }
  }

  // Asks what became of the change in doubt.
  static void Resolve(txn::Repository& repository, Knowledge* knowledge) {
    if (!knowledge->doubt) return;
    if (knowledge->doubt->txn) {
      auto landed = repository.meta().FindTransaction(*knowledge->doubt->txn);
      if (!landed) return;
      if (*landed) knowledge->model = knowledge->doubt->AfterLanding((*landed)->commit);
    } else {
      auto refs = repository.meta().ListRefs();
      if (!refs) return;
      if (DifferenceFrom(knowledge->model, repository) != "") {
        knowledge->model = knowledge->doubt->after;
      }
    }
    knowledge->doubt.reset();
  }

  // False when nothing failed: the fault lies behind the last call. `arm` sets it.
  bool RunWith(const std::function<void(CrashDatabase&)>& arm, bool reads_work = false) {
    auto disk = std::make_shared<CrashDisk>(start_);
    CrashDatabase database(place_, disk);
    Knowledge knowledge{start_model_, {}, true};
    arm(database);
    auto repository = database.Open();
    if (repository) {
      Use(*repository, &knowledge);
      if (reads_work && !knowledge.doubt) {
        EXPECT_EQ(DifferenceFrom(knowledge.model, **repository), "") << "while the disk is full";
        EXPECT_EQ(Faults(**repository), "") << "while the disk is full";
      } else if (!knowledge.doubt) {
        CheckNothingWrong(**repository, knowledge.model);
      }
    } else {
      CheckHonest(repository.error(), "open");
    }
    bool has_failed = database.faults().failures() > 0 || database.vfs().failures() > 0;
    database.faults().Heal();
    database.vfs().Heal();
    if (repository) {
      Resolve(**repository, &knowledge);
      EXPECT_FALSE(knowledge.doubt.has_value()) << "unresolved on a healthy disk";
      EXPECT_EQ(DifferenceFrom(knowledge.model, **repository), "");
      repository->reset();
    }
    if (!HasFailure()) CheckAfterwards(*disk, knowledge.model);
    return has_failed;
  }

  // Errors are fine while calls fail; other answers are not.
  static void CheckNothingWrong(txn::Repository& repository, const DatabaseModel& model) {
    for (const auto& [name, ref] : model.refs) {
      auto found = repository.meta().ReadRef(name);
      if (!found) continue;
      EXPECT_TRUE(found->has_value()) << name;
      auto view = repository.ViewOf(ref.commit);
      if (!view) continue;
      for (const auto& [table, rows] : *model.commits.at(ref.commit)) {
        auto read = Read(**view, table);
        if (!read) continue;
        EXPECT_EQ(*read, *rows) << table;
      }
    }
  }

  void CheckAfterwards(const CrashDisk& disk, const DatabaseModel& model) {
    std::vector<io::DiskImage> images = {disk.Image(), disk.Crash(random_)};
    const auto& fates = CrashDisk::kExtremeFates;
    images.push_back(disk.Crash(fates[random_() % std::size(fates)], random_));
    for (const auto& image : images) {
      ++states_;
      CrashDatabase database(place_, std::make_shared<CrashDisk>(image));
      auto repository = database.Open();
      ASSERT_TRUE(repository.has_value()) << repository.error().message();
      ASSERT_EQ(DifferenceFrom(model, **repository), "");
      if (&image != &images.front()) continue;
      ASSERT_EQ(Faults(**repository), "");
      Workload workload(seed_ + 2);
      Step step = workload.TryCommit(*repository, model, Kind::kLargeWrite, txn::kMainBranch);
      ASSERT_TRUE(step.outcome.has_value()) << step.outcome.error().message();
      ASSERT_EQ(DifferenceFrom(step.after, **repository), "");
    }
  }

  // Every `stride`-th site, beginning with a random one; at night, all.
  void Sweep(const std::string& what, size_t stride,
             const std::function<void(CrashDatabase&, int nth)>& arm, bool reads_work = false) {
    stride = std::max<size_t>(1, static_cast<size_t>(static_cast<double>(stride) / Scale()));
    int sites = 0;
    for (int nth = static_cast<int>(random_() % stride); !HasFailure();
         nth += static_cast<int>(stride)) {
      SCOPED_TRACE(what + ", site " + std::to_string(nth));
      if (!RunWith([&](CrashDatabase& database) { arm(database, nth); }, reads_work)) break;
      ++sites;
    }
    sites_ += sites;
  }

  void Report() const {
    std::printf("%d sites, %d refusals, %d unknown outcomes, %d states afterwards, wrong %d\n",
                sites_, refusals_, unknown_, states_, HasFailure() ? 1 : 0);
  }

  const uint64_t seed_ = DrawSeed();
  io::CrashRandom random_{seed_};
  CrashPlace place_;
  io::DiskImage start_;
  DatabaseModel start_model_;
  int sites_ = 0, refusals_ = 0, unknown_ = 0, states_ = 0;
};

TEST_F(FaultTest, EveryCallToTheFilesOfObjectsMayFail) {
  for (bool for_ever : {false, true}) {
    for (bool after_effect : {false, true}) {
      Sweep(std::string("files") + (for_ever ? " for ever" : "") + (after_effect ? " after" : ""),
            1, [&](CrashDatabase& database, int nth) {
              Fault fault;
              fault.nth = nth;
              fault.for_ever = for_ever;
              fault.after_effect = after_effect;
              database.faults().Fail(fault);
            });
    }
  }
  Report();
}

TEST_F(FaultTest, EveryCallOfSqliteMayFail) {
  struct Swept {
    VfsCall call;
    size_t stride;
  };
  for (auto [call, stride] :
       {Swept{VfsCall::kOpen, 1}, Swept{VfsCall::kRead, 24}, Swept{VfsCall::kWrite, 10},
        Swept{VfsCall::kTruncate, 1}, Swept{VfsCall::kSync, 2}, Swept{VfsCall::kSize, 4},
        Swept{VfsCall::kDelete, 1}, Swept{VfsCall::kAccess, 1}, Swept{VfsCall::kShmMap, 1}}) {
    for (bool for_ever : {false, true}) {
      for (bool after_effect : {false, true}) {
        Sweep("sqlite call " + std::to_string(static_cast<int>(call)) +
                  (for_ever ? " for ever" : "") + (after_effect ? " after" : ""),
              stride, [&](CrashDatabase& database, int nth) {
                VfsFault fault{.call = call};
                fault.nth = nth;
                fault.for_ever = for_ever;
                fault.after_effect = after_effect;
                database.vfs().Fail(fault);
              });
      }
    }
  }
  Report();
}

TEST_F(FaultTest, AFullDiskLeavesTheDatabaseReadable) {
  Sweep(
      "rhizo.db full", 6,
      [](CrashDatabase& database, int nth) {
        VfsFault fault{.call = VfsCall::kWrite};
        fault.nth = nth;
        fault.for_ever = true;
        fault.is_full = true;
        database.vfs().Fail(fault);
      },
      /*reads_work=*/true);
  // Room for so many kilobytes of objects; what fails is then a write or a creation.
  for (uint64_t room = random_() % 3000; room < 200'000 && !HasFailure();
       room += static_cast<uint64_t>(12'000 / Scale())) {
    SCOPED_TRACE("room for " + std::to_string(room) + " bytes of objects");
    RunWith([&](CrashDatabase& database) { database.faults().LimitBytes(room); }, true);
    ++sites_;
  }
  Report();
}

}  // namespace
}  // namespace rhizo::tests
