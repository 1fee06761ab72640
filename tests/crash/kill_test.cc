// Real processes commit and are killed at random: nothing that was acknowledged is lost, nothing is
// there twice, nothing is half there, and nobody has to repair anything.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <map>
#include <set>

#include "base/testing/scale.h"
#include "io/testing/child_process.h"
#include "io/testing/temporary_directory.h"
#include "support/database_model.h"
#include "support/tables.h"

namespace rhizo::tests {
namespace {

// What one process does, under ids of its own: first_id, first_id + 1, ... Each commit appends its
// id to the table all share and to the process's own table; now and then it also replaces a large
// one. After each it writes the id down the pipe.
Status CommitOne(const std::shared_ptr<txn::Repository>& repository, int worker, int64_t id) {
  ASSIGN_OR_RETURN(auto transaction, txn::Transaction::Begin(repository, txn::kMainBranch));
  std::string own = "own" + std::to_string(worker);
  RETURN_IF_ERROR(Append(*transaction, "shared", Numbered(id, 1)));
  RETURN_IF_ERROR(Append(*transaction, own, Numbered(id, 1)));
  if (id % 5 == 0) {
    std::mt19937_64 random(static_cast<uint64_t>(id));
    RETURN_IF_ERROR(Write(*transaction, "large" + std::to_string(worker), LargeRows(id, random)));
  }
  RETURN_IF_ERROR(repository->committer().Commit(*transaction, {"worker", "", {}}));
  return {};
}

[[noreturn]] void Work(const std::string& path, int worker, int64_t first_id, int pipe) {
  auto repository = txn::Repository::Open(path, {});
  Status status;
  if (!repository) status = std::move(repository).error();
  for (int64_t id = first_id; status; ++id) {
    status = CommitOne(*repository, worker, id);
    if (status && ::write(pipe, &id, sizeof(id)) != sizeof(id)) ::_exit(3);
  }
  std::fprintf(stderr, "worker %d: %s\n", worker, status.error().message().c_str());
  int64_t failed = -1;
  if (::write(pipe, &failed, sizeof(failed)) != sizeof(failed)) ::_exit(3);
  ::_exit(2);
}

struct Worker {
  pid_t process = -1;
  int pipe = -1;
};

class KillTest : public ::testing::Test {
 protected:
  static constexpr int64_t kIdsPerProcess = 1'000'000;

  void Spawn(int worker) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    int64_t first_id = (1 + processes_++) * kIdsPerProcess;
    pid_t process = ::fork();
    ASSERT_GE(process, 0);
    if (process == 0) {
      ::close(ends[0]);
      Work(path_, worker, first_id, ends[1]);
    }
    ::close(ends[1]);
    workers_[worker] = {process, ends[0]};
  }

  // Takes one acknowledgement from whoever has one, if there is one within the time.
  bool TakeOne(int timeout_millis) {
    std::vector<pollfd> waiting;
    std::vector<int> numbers;
    for (const auto& [number, worker] : workers_) {
      waiting.push_back({worker.pipe, POLLIN, 0});
      numbers.push_back(number);
    }
    if (::poll(waiting.data(), waiting.size(), timeout_millis) <= 0) return false;
    for (size_t i = 0; i < waiting.size(); ++i) {
      if ((waiting[i].revents & (POLLIN | POLLHUP)) != 0) return TakeFrom(numbers[i]);
    }
    return false;
  }

  bool TakeFrom(int worker) {
    int64_t id = 0;
    if (::read(workers_.at(worker).pipe, &id, sizeof(id)) != sizeof(id)) return false;
    EXPECT_GT(id, 0) << "a worker failed";
    acknowledged_[worker].push_back(id);
    return id > 0;
  }

  void Kill(int worker) {
    ::kill(workers_.at(worker).process, SIGKILL);
    ::waitpid(workers_.at(worker).process, nullptr, 0);
    while (TakeFrom(worker)) {
    }
    ::close(workers_.at(worker).pipe);
    workers_.erase(worker);
    ++kills_;
  }

  // In a child: this process must stay free of threads to fork.
  void CheckDatabase(bool at_rest) {
    EXPECT_TRUE(io::TrueInChild([&] {
      Check(at_rest);
      return !HasFailure();
    }));
  }

  void Check(bool at_rest) {
    auto repository = txn::Repository::Open(path_, {});
    ASSERT_TRUE(repository.has_value()) << repository.error().message();
    ASSERT_EQ(at_rest ? Faults(**repository) : "", "");
    auto view = ViewOfBranch(**repository);  // one for all: others may go on committing
    ASSERT_TRUE(view.has_value()) << view.error().message();
    auto shared = Read(**view, "shared");
    ASSERT_TRUE(shared.has_value()) << shared.error().message();
    std::set<int64_t> in_shared;
    for (const auto& row : *shared) {
      ASSERT_TRUE(in_shared.insert(row.first).second) << row.first << " is there twice";
    }
    size_t in_own = 0;
    for (const auto& [worker, ids] : acknowledged_) {
      auto own = Read(**view, "own" + std::to_string(worker));
      ASSERT_TRUE(own.has_value()) << own.error().message();
      in_own += own->size();
      CheckOwn(*own, in_shared);
      for (int64_t id : ids) ASSERT_TRUE(in_shared.contains(id)) << "lost " << id;
      CheckLarge(**view, worker, *own);
    }
    EXPECT_EQ(in_own, in_shared.size());
  }

  // Each process's ids in order, no gap; all of them in the shared table too.
  static void CheckOwn(const Rows& own, const std::set<int64_t>& in_shared) {
    int64_t last = -1;
    for (const auto& [id, text] : own) {
      ASSERT_TRUE(in_shared.contains(id)) << id << " is half there";
      ASSERT_TRUE(id == last + 1 || id % kIdsPerProcess == 0) << id << " after " << last;
      last = id;
    }
  }

  // The large table is that of the last own id that made one.
  static void CheckLarge(const txn::View& view, int worker, const Rows& own) {
    int64_t wanted = -1;
    for (const auto& [id, text] : own) {
      if (id % 5 == 0) wanted = id;
    }
    if (wanted < 0) return;
    std::mt19937_64 random(static_cast<uint64_t>(wanted));
    auto large = Read(view, "large" + std::to_string(worker));
    ASSERT_TRUE(large.has_value()) << large.error().message();
    ASSERT_EQ(*large, LargeRows(wanted, random));
  }

  void Prepare(int workers) {
    EXPECT_TRUE(io::TrueInChild([&] {
      auto repository = txn::Repository::Open(path_, {}).value();
      auto make = [&](const std::string& name) {
        return txn::testing::CommitRows(repository, name, {}, false).has_value();
      };
      for (int worker = 0; worker < workers; ++worker) {
        if (!make("own" + std::to_string(worker))) return false;
      }
      return make("shared");
    }));
  }

  // `kills` times: let them work a random while, kill one, start another in its place.
  void Episode(int workers, int kills) {
    Prepare(workers);
    for (int worker = 0; worker < workers; ++worker) {
      acknowledged_[worker];
      Spawn(worker);
    }
    for (int i = 0; i < kills && !HasFailure(); ++i) {
      int acknowledgements = static_cast<int>(random_() % 12);
      while (acknowledgements-- > 0 && TakeOne(10'000)) {
      }
      TakeOne(static_cast<int>(random_() % 4));  // part of a commit further
      int victim = static_cast<int>(random_() % static_cast<uint64_t>(workers));
      Kill(victim);
      if (i % 10 == 9) CheckDatabase(/*at_rest=*/false);  // the others go on
      Spawn(victim);
    }
    while (!workers_.empty()) Kill(workers_.begin()->first);
    if (!HasFailure()) CheckDatabase(/*at_rest=*/true);
    for (const auto& [worker, ids] : acknowledged_) acknowledgements_ += ids.size();
  }

  std::mt19937_64 random_{DrawSeed()};
  io::TemporaryDirectory directory_;
  const std::string path_ = directory_.Path("db");
  std::map<int, Worker> workers_;
  std::map<int, std::vector<int64_t>> acknowledged_;
  int64_t processes_ = 0;
  int kills_ = 0;
  size_t acknowledgements_ = 0;
};

TEST_F(KillTest, TwoProcessesLoseNothing) {
  Episode(2, static_cast<int>(Scaled(20)));
  std::printf("%d kills, %zu acknowledged, lost %d\n", kills_, acknowledgements_, HasFailure());
}

TEST_F(KillTest, EightProcessesLoseNothing) {
  Episode(8, static_cast<int>(Scaled(30)));
  std::printf("%d kills, %zu acknowledged, lost %d\n", kills_, acknowledgements_, HasFailure());
}

TEST_F(KillTest, ProcessesThatMakeOneDatabaseAtOnceShareIt) {
  for (size_t i = 0; i < Scaled(20) && !HasFailure(); ++i) {
    std::string path = directory_.Path("new" + std::to_string(i));
    std::vector<pid_t> makers;
    for (int maker = 0; maker < 5; ++maker) {
      pid_t process = ::fork();
      if (process == 0) {
        auto made = txn::Repository::Open(path, {});
        if (!made) std::fprintf(stderr, "%s\n", made.error().message().c_str());
        ::_exit(made && ViewOfBranch(**made) ? 0 : 1);
      }
      makers.push_back(process);
    }
    for (pid_t maker : makers) {
      int result = 0;
      ::waitpid(maker, &result, 0);
      EXPECT_TRUE(WIFEXITED(result) && WEXITSTATUS(result) == 0);
    }
  }
}

// Those who are killed while they make a database leave none, or a whole one.
TEST_F(KillTest, CreationInterruptedAnywhereIsTakenUpAgain) {
  for (size_t i = 0; i < Scaled(25) && !HasFailure(); ++i) {
    std::string path = directory_.Path("new" + std::to_string(i));
    std::vector<pid_t> makers;
    for (int maker = 0; maker < 2; ++maker) {
      pid_t process = ::fork();
      if (process == 0) {
        auto made = txn::Repository::Open(path, {});
        ::_exit(made ? 0 : 1);
      }
      makers.push_back(process);
    }
    pollfd nothing{-1, 0, 0};
    ::poll(&nothing, 1, static_cast<int>(random_() % 6));
    ::kill(makers[0], SIGKILL);
    if (i % 2 == 0) ::kill(makers[1], SIGKILL);
    int result = 0;
    ::waitpid(makers[0], nullptr, 0);
    ::waitpid(makers[1], &result, 0);
    if (i % 2 != 0) {
      EXPECT_TRUE(WIFEXITED(result) && WEXITSTATUS(result) == 0) << "the survivor failed";
    }
    EXPECT_TRUE(io::TrueInChild([&] {
      auto repository = txn::Repository::Open(path, {});
      if (!repository) std::fprintf(stderr, "%s\n", repository.error().message().c_str());
      return repository && txn::testing::CommitRows(*repository, "t", {}, false) &&
             Faults(**repository).empty();
    }));
  }
}

}  // namespace
}  // namespace rhizo::tests
