// Power cuts at moments of a run of random changes, over everything a database directory holds:
// every acknowledged change is there with its rows, whatever else the disk kept, what is there is a
// state the run went through, and verify finds nothing.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "base/testing/scale.h"
#include "support/crash_database.h"
#include "support/database_model.h"
#include "support/workload.h"

namespace rhizo::tests {
namespace {

using io::CrashDisk;
using io::DiskCrash;

class PowerCutTest : public ::testing::Test {
 protected:
  // States in order, each with the moment from which on it (or a later one) must be found.
  struct Acknowledged {
    size_t moment;
    DatabaseModel model;
    std::string what;
  };

  void Open(const txn::RepositoryOptions& options = {}) {
    auto opened = database_->Open(options);
    ASSERT_TRUE(opened.has_value()) << opened.error().message();
    repository_ = *opened;
  }

  void Create(const txn::RepositoryOptions& options = {}) {
    Open(options);
    history_.push_back({disk_->Now(), ModelOfNew(*repository_).value(), "new"});
  }

  void Keep(Step step) {
    ASSERT_TRUE(step.outcome.has_value()) << step.what << ": " << step.outcome.error().message();
    ASSERT_EQ(DifferenceFrom(step.after, *repository_), "") << step.what;
    history_.push_back({disk_->Now(), std::move(step.after), step.what});
  }

  void Run(int changes) {
    for (int i = 0; i < changes && !HasFailure(); ++i) {
      Keep(workload_.Try(repository_, history_.back().model));
    }
  }

  // Something too large for rhizo.db.
  void RunLargeWrite() {
    Keep(workload_.TryCommit(repository_, history_.back().model, Workload::Kind::kLargeWrite,
                             txn::kMainBranch));
  }
  // A commit that moves only refs.
  void RunRef() { Keep(workload_.TryRef(repository_, history_.back().model)); }

  size_t LastBefore(size_t moment) const {
    size_t least = 0;
    while (least + 1 < history_.size() && history_[least + 1].moment <= moment) ++least;
    return least;
  }

  // The database as the crash left it, opened.
  struct Reopened {
    std::unique_ptr<CrashDatabase> database;
    std::shared_ptr<txn::Repository> repository;
  };
  Result<Reopened> Reopen(const DiskCrash& crash) {
    ++states_;
    Reopened reopened;
    reopened.database =
        std::make_unique<CrashDatabase>(place_, std::make_shared<CrashDisk>(crash.image));
    ASSIGN_OR_RETURN(reopened.repository, reopened.database->Open());
    return reopened;
  }

  void Check(const DiskCrash& crash, bool deep) {
    size_t least = LastBefore(crash.moment);
    SCOPED_TRACE("power cut after operation " + std::to_string(crash.moment) + ", " + crash.fate +
                 "; acknowledged last: " + history_[least].what);
    auto reopened = Reopen(crash);
    ASSERT_TRUE(reopened.has_value()) << reopened.error().message();
    size_t found = least;
    auto difference = DifferenceFrom(history_[least].model, *reopened->repository);
    if (!difference.empty() && least + 1 < history_.size()) {
      // What was under way when the power went may have landed.
      auto other = DifferenceFrom(history_[++found].model, *reopened->repository);
      difference = other.empty() ? "" : difference + "; from the next state: " + other;
    }
    ASSERT_EQ(difference, "");
    if (!deep) return;
    ASSERT_EQ(Faults(*reopened->repository), "");
    ASSERT_EQ(DifferenceFrom(history_[found].model, *reopened->repository, {.all_commits = true}),
              "");
    Workload more(states_);
    Step step = more.Try(reopened->repository, history_[found].model);
    ASSERT_TRUE(step.outcome.has_value()) << step.what << ": " << step.outcome.error().message();
    ASSERT_EQ(DifferenceFrom(step.after, *reopened->repository), "") << step.what;
  }

  // What was durable before the spoiled time is there; of the rest no wrong rows are shown.
  void CheckSpoiled(const DiskCrash& crash, const DatabaseModel& before) {
    SCOPED_TRACE("power cut after operation " + std::to_string(crash.moment) + ", " + crash.fate +
                 ", without flushes");
    auto reopened = Reopen(crash);
    ASSERT_TRUE(reopened.has_value()) << reopened.error().message();
    for (const auto& [id, tables] : before.commits) {
      auto view = reopened->repository->ViewOf(id);
      ASSERT_TRUE(view.has_value()) << view.error().message();
      for (const auto& [name, rows] : *tables) {
        auto found = Read(**view, name);
        ASSERT_TRUE(found.has_value()) << found.error().message();
        ASSERT_EQ(*found, *rows);
      }
    }
    auto view = ViewOfBranch(*reopened->repository);
    if (!view || !history_.back().model.commits.contains((*view)->commit())) return;
    for (const auto& [name, rows] : *history_.back().model.commits.at((*view)->commit())) {
      auto found = Read(**view, name);
      if (!found) continue;
      ASSERT_EQ(*found, *rows);
    }
  }

  // Checks about `wanted` of the states that power cuts since `since` may leave, spread evenly.
  template <class CheckState>
  void Walk(size_t wanted, size_t since, CheckState check) {
    constexpr size_t kRandomFates = 2;
    size_t all = (disk_->Now() - since + 1) * (std::size(CrashDisk::kExtremeFates) + kRandomFates);
    size_t seen = 0, taken = 0;
    disk_->VisitCrashes(
        workload_.random(), kRandomFates,
        [&](const DiskCrash& crash) {
          // A step that shares no factor with the number of fates meets every fate.
          if (HasFailure() || taken * all > seen++ * wanted) return;
          ++taken;
          check(crash);
        },
        since);
  }

  void Report() const {
    std::printf("%zu operations, %zu changes; states checked %zu, bad %d\n", disk_->Now(),
                history_.size() - 1, states_, HasFailure() ? 1 : 0);
  }

  Workload workload_{DrawSeed()};
  CrashPlace place_;
  std::shared_ptr<CrashDisk> disk_ = place_.NewDisk();
  std::unique_ptr<CrashDatabase> database_ = std::make_unique<CrashDatabase>(place_, disk_);
  std::shared_ptr<txn::Repository> repository_;
  std::vector<Acknowledged> history_;
  size_t states_ = 0;
};

TEST_F(PowerCutTest, EveryAcknowledgedChangeSurvivesEveryPowerCut) {
  Create();
  Run(40);
  Walk(Scaled(3000), history_.front().moment,
       [&](const DiskCrash& crash) { Check(crash, states_ % 10 == 0); });
  Report();
}

TEST_F(PowerCutTest, ADatabaseBeingMadeIsMadeAnewOrWhole) {
  Create();
  repository_.reset();
  Walk(Scaled(600), 0, [&](const DiskCrash& crash) {
    SCOPED_TRACE("power cut after operation " + std::to_string(crash.moment) + ", " + crash.fate);
    bool is_acknowledged = crash.moment >= history_.front().moment;
    if (is_acknowledged) return Check(crash, true);
    auto reopened = Reopen(crash);
    ASSERT_TRUE(reopened.has_value()) << reopened.error().message();
    auto model = ModelOfNew(*reopened->repository);
    ASSERT_TRUE(model.has_value()) << model.error().message();
    Workload more(states_);
    Step step = more.TryCommit(reopened->repository, *model, Workload::Kind::kManyTables, "main");
    ASSERT_TRUE(step.outcome.has_value()) << step.outcome.error().message();
    ASSERT_EQ(DifferenceFrom(step.after, *reopened->repository), "");
    ASSERT_EQ(Faults(*reopened->repository), "");
  });
  Report();
}

// Without flushes a power cut may lose or spoil what came after the last full commit, but nothing
// before it; the next full commit makes all of it durable.
TEST_F(PowerCutTest, WhatWasWrittenWithoutFlushesIsDurableAfterTheNextFullCommit) {
  Create();
  Run(6);
  txn::RepositoryOptions hasty;
  hasty.durability = Durability::kNone;
  enum Round { kCommit, kCommitAgain, kMoveOfRefs, kFlush };
  for (int round = kCommit; round <= kFlush && !HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    DatabaseModel before = history_.back().model;
    size_t since = disk_->Now();
    Open(hasty);
    Run(3);
    RunLargeWrite();
    if (round == kFlush) {
      ASSERT_TRUE(repository_->Flush().has_value());
    } else {
      Open();
      round == kMoveOfRefs ? RunRef() : Run(1);
    }
    size_t durable = disk_->Now();
    history_.back().moment = durable;
    Run(round == kFlush ? 0 : 3);
    Walk(Scaled(300), durable, [&](const DiskCrash& crash) { Check(crash, states_ % 10 == 0); });
    Walk(Scaled(150), since, [&](const DiskCrash& crash) {
      if (crash.moment < durable) CheckSpoiled(crash, before);
    });
    // What the states between promise no more is over: only the newest is left to be found.
    history_.erase(history_.begin(), history_.end() - 1);
    history_.front().moment = 0;
  }
  Report();
}

// Threads append to tables of their own, grouped: each finds all that it was told of, in order, and
// at most what it was just waiting for.
TEST_F(PowerCutTest, GroupedCommitsOfThreadsSurviveEveryPowerCut) {
  constexpr int kThreads = 3;
  Create();
  for (int thread = 0; thread < kThreads; ++thread) {
    ASSERT_TRUE(txn::testing::CommitRows(repository_, "own" + std::to_string(thread), {}, false)
                    .has_value());
  }
  const size_t since = disk_->Now();
  std::vector<std::vector<size_t>> told(kThreads);  // the moment of each append
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        for (size_t i = 0; i < Scaled(12); ++i) {
          auto committed =
              txn::testing::CommitRows(repository_, "own" + std::to_string(thread),
                                       Numbered(static_cast<int64_t>(i), 1), /*append=*/true);
          CHECK(committed.has_value());
          told[static_cast<size_t>(thread)].push_back(disk_->Now());
        }
      });
    }
  }
  Walk(Scaled(600), since, [&](const DiskCrash& crash) {
    SCOPED_TRACE("power cut after operation " + std::to_string(crash.moment) + ", " + crash.fate);
    auto reopened = Reopen(crash);
    ASSERT_TRUE(reopened.has_value()) << reopened.error().message();
    for (size_t thread = 0; thread < kThreads; ++thread) {
      const auto& moments = told[thread];
      auto least = std::upper_bound(moments.begin(), moments.end(), crash.moment) - moments.begin();
      auto rows = ReadHead(*reopened->repository, "own" + std::to_string(thread));
      ASSERT_TRUE(rows.has_value()) << rows.error().message();
      ASSERT_GE(std::ssize(*rows), least);
      ASSERT_LE(std::ssize(*rows), least + 1);
      ASSERT_EQ(*rows, Numbered(0, std::ssize(*rows)));
    }
    if (states_ % 10 != 0) return;
    ASSERT_EQ(Faults(*reopened->repository), "");
  });
  Report();
}

}  // namespace
}  // namespace rhizo::tests
