// Several processes on one rhizo.db: killed at random, forked with it open, reading as another
// user, with few descriptors.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <thread>

#include "io/testing/child_process.h"
#include "io/testing/temporary_directory.h"
#include "meta/sqlite_meta_store.h"
#include "meta/testing/meta_model.h"

namespace rhizo::meta {
namespace {

constexpr std::chrono::milliseconds kNoWait{0};
constexpr std::chrono::milliseconds kLongWait{60'000};

// Commits once on `ref`, from wherever it is.
Status CommitOn(MetaStore& store, PublicationMaker& maker, const std::string& ref) {
  ASSIGN_OR_RETURN(auto session, store.BeginWrite(kLongWait));
  ASSIGN_OR_RETURN(auto head, session->ReadRef(ref));
  MetaModel now;
  if (head) now.refs[ref] = *head;
  ASSIGN_OR_RETURN(auto published, session->Publish(maker.DrawSmallCommit(now, ref)));
  return session->Commit();
}

int Faults(MetaStore& store) {
  int faults = 0;
  EXPECT_TRUE(store
                  .Verify([&](std::string_view what, std::string_view problem) {
                    ADD_FAILURE() << what << ": " << problem;
                    ++faults;
                  })
                  .has_value());
  return faults;
}

class ProcessTest : public ::testing::Test {
 protected:
  std::unique_ptr<SqliteMetaStore> Create(bool sync = true) {
    SqliteMetaOptions options;
    options.sync = sync;
    return SqliteMetaStore::Create(directory_.path(), options).value();
  }
  Result<std::unique_ptr<SqliteMetaStore>> Open(SqliteMetaOptions options = {}) {
    return SqliteMetaStore::Open(directory_.path(), options);
  }

  io::TemporaryDirectory directory_;
  PublicationMaker maker_{3};
};

// Counts that survive the death of those who count.
struct Scores {
  static constexpr int kWorkers = 3;
  std::atomic<uint64_t> acknowledged[kWorkers];
};

class KilledWorkers {
 public:
  KilledWorkers(std::string directory, uint64_t seed)
      : directory_(std::move(directory)), random_(seed) {
    void* memory =
        mmap(nullptr, sizeof(Scores), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    scores_ = new (memory) Scores();
  }
  ~KilledWorkers() { munmap(scores_, sizeof(Scores)); }

  void Start(int worker) {
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) Work(worker);
    children_[worker] = child;
  }

  // Waits until that worker got a few commits further, then kills it, wherever it is.
  void KillSoon(int worker) {
    uint64_t until = scores_->acknowledged[worker] + 1 + random_() % 4;
    while (scores_->acknowledged[worker] < until) {
      CHECK(waitpid(children_[worker], nullptr, WNOHANG) == 0);  // it did not fail by itself
      std::this_thread::yield();
    }
    for (uint64_t spin = random_() % 200'000; spin > 0; --spin) asm volatile("");
    Kill(worker);
  }
  void Kill(int worker) {
    kill(children_[worker], SIGKILL);
    waitpid(children_[worker], nullptr, 0);
  }

  uint64_t acknowledged(int worker) const { return scores_->acknowledged[worker]; }

 private:
  [[noreturn]] void Work(int worker) {
    auto store = SqliteMetaStore::Open(directory_, {.fold_rows = 20, .checkpoint_bytes = 200'000});
    if (!store) _exit(1);
    PublicationMaker maker(random_() + static_cast<uint64_t>(getpid()));
    while (CommitOn(**store, maker, "w" + std::to_string(worker))) ++scores_->acknowledged[worker];
    _exit(2);
  }

  const std::string directory_;
  std::mt19937_64 random_;
  Scores* scores_;
  pid_t children_[Scores::kWorkers] = {};
};

TEST_F(ProcessTest, KilledProcessesLoseNoAcknowledgedCommit) {
  const uint64_t seed = std::random_device()();
  std::printf("seed %lu\n", static_cast<unsigned long>(seed));
  Create().reset();
  KilledWorkers workers(directory_.path(), seed);
  for (int w = 0; w < Scores::kWorkers; ++w) workers.Start(w);
  constexpr int kKills = 24;
  for (int i = 0; i < kKills; ++i) {
    int victim = i % Scores::kWorkers;
    workers.KillSoon(victim);
    workers.Start(victim);
  }
  for (int w = 0; w < Scores::kWorkers; ++w) workers.Kill(w);

  auto store = Open().value();
  uint64_t landed = 0;
  for (int w = 0; w < Scores::kWorkers; ++w) {
    auto ref = store->ReadRef("w" + std::to_string(w)).value();
    ASSERT_TRUE(ref.has_value());
    EXPECT_GE(ref->moves, workers.acknowledged(w));
    EXPECT_LE(ref->moves, workers.acknowledged(w) + kKills + 1);
    landed += ref->moves;
  }
  EXPECT_EQ(store->LastVersion(TableId{{1}}).value(), landed);
  EXPECT_EQ(Faults(*store), 0);
  std::printf("%d kills, %lu commits\n", kKills, static_cast<unsigned long>(landed));
}

TEST_F(ProcessTest, AnotherProcesssCommitIsSeenAtOnce) {
  auto store = Create();
  ASSERT_TRUE(CommitOn(*store, maker_, "main").has_value());
  uint64_t before = store->ChangeCounter().value();
  ASSERT_TRUE(io::TrueInChild([&] {
    auto other = Open().value();
    return CommitOn(*other, maker_, "main").has_value() &&
           other->ReadRef("main").value()->moves == 2;
  }));
  EXPECT_NE(store->ChangeCounter().value(), before);
  EXPECT_EQ(store->ReadRef("main").value()->moves, 2u);
}

TEST_F(ProcessTest, AnotherProcessWritingMakesOursWaitUntilItEnds) {
  auto store = Create();
  std::unique_ptr<WriteSession> session;
  std::unique_ptr<SqliteMetaStore> other;
  io::WaitingChild child([&] {
    other = Open().value();
    session = other->BeginWrite(kNoWait).value();
  });
  auto begun = store->BeginWrite(kNoWait);
  ASSERT_FALSE(begun.has_value());
  EXPECT_EQ(begun.error().code(), ErrorCode::kBusy);
  child.Kill();
  EXPECT_TRUE(store->BeginWrite(kNoWait).has_value());
}

TEST_F(ProcessTest, AForkedChildsCopyIsClosedAndHoldsNothing) {
  auto store = Create();
  ASSERT_TRUE(CommitOn(*store, maker_, "main").has_value());
  auto session = store->BeginWrite(kNoWait).value();
  io::WaitingChild child([&] {
    CHECK(store->ReadRef("main").error().code() == ErrorCode::kClosed);
    CHECK(store->BeginWrite(kNoWait).error().code() == ErrorCode::kClosed);
    CHECK(store->ChangeCounter().error().code() == ErrorCode::kClosed);
    CHECK(session->Commit().error().code() == ErrorCode::kClosed);
    session.reset();
    store.reset();
  });
  session.reset();
  EXPECT_TRUE(CommitOn(*store, maker_, "main").has_value());
  EXPECT_EQ(store->ReadRef("main").value()->moves, 2u);
  EXPECT_EQ(Faults(*store), 0);
}

// SQLite keeps one list of open files per process, which a child inherits with locks it does not
// have: opened on top of that, its database would be unlocked for others.
TEST_F(ProcessTest, AChildsOwnHandleHoldsItsLocksAfterTheParentClosed) {
  auto store = Create();
  ASSERT_TRUE(CommitOn(*store, maker_, "main").has_value());
  std::unique_ptr<SqliteMetaStore> own;
  int commands[2], answers[2];
  ASSERT_EQ(pipe(commands), 0);
  ASSERT_EQ(pipe(answers), 0);
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    PublicationMaker maker(77);
    char byte = 0;
    own = Open().value();
    bool is_fine = own->ReadRef("main").value()->moves == 1;
    while (write(answers[1], is_fine ? "y" : "n", 1) == 1 && read(commands[0], &byte, 1) == 1) {
      is_fine = CommitOn(*own, maker, "child").has_value() && Faults(*own) == 0;
    }
    _exit(0);
  }
  char answer = 0;
  ASSERT_EQ(read(answers[0], &answer, 1), 1);
  ASSERT_EQ(answer, 'y');
  store.reset();
  for (int i = 0; i < 4; ++i) {
    // A process that opens alone repairs the WAL index anew; the child must keep it from that.
    ASSERT_TRUE(io::TrueInChild([&] {
      PublicationMaker maker(static_cast<uint64_t>(200 + i));
      auto other = Open().value();
      return CommitOn(*other, maker, "other").has_value();
    }));
    ASSERT_EQ(write(commands[1], "c", 1), 1);
    ASSERT_EQ(read(answers[0], &answer, 1), 1);
    ASSERT_EQ(answer, 'y');
  }
  close(commands[1]);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  store = Open().value();
  EXPECT_EQ(store->ReadRef("child").value()->moves, 4u);
  EXPECT_EQ(store->ReadRef("other").value()->moves, 4u);
  EXPECT_EQ(Faults(*store), 0);
}

TEST_F(ProcessTest, FewDescriptorsAreEnoughForManyThreads) {
  auto store = Create(/*sync=*/false);
  ASSERT_TRUE(CommitOn(*store, maker_, "main").has_value());
  ASSERT_TRUE(io::TrueInChild([&] {
    rlimit limit{32, 32};
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
    auto own = Open();
    if (!own) std::printf("%s\n", own.error().message().c_str());
    if (!own) return false;
    std::atomic<bool> all_fine = true;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 16; ++t) {
      threads.emplace_back([&, t] {
        PublicationMaker maker(static_cast<uint64_t>(100 + t));
        for (int i = 0; i < 5; ++i) {
          Status committed = CommitOn(**own, maker, "t" + std::to_string(t));
          auto read = (*own)->ReadVersions(TableId{{1}}, 1, 3);
          if (!committed) std::printf("%s\n", committed.error().message().c_str());
          if (!read) std::printf("%s\n", read.error().message().c_str());
          if (!committed || !read) all_fine = false;
        }
      });
    }
    threads.clear();
    return all_fine.load();
  }));
}

// Runs `check` as somebody who may read the directory and write nothing in it.
bool TrueAsReader(const std::string& directory, const std::function<bool()>& check) {
  namespace fs = std::filesystem;
  constexpr auto kRead = fs::perms::owner_read | fs::perms::group_read | fs::perms::others_read;
  constexpr auto kEnter = fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    fs::permissions(entry, entry.is_directory() ? kRead | kEnter : kRead);
  }
  fs::permissions(directory, kRead | kEnter);
  bool outcome = io::TrueInChild([&] {
    constexpr uid_t kNobody = 65534;
    if (getuid() == 0 && (setgid(kNobody) != 0 || setuid(kNobody) != 0)) return false;
    return check();
  });
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    fs::permissions(entry, fs::perms::owner_write, fs::perm_options::add);
  }
  fs::permissions(directory, fs::perms::owner_all);
  return outcome;
}

TEST_F(ProcessTest, AReadOnlyDirectoryCanBeReadByAnotherUser) {
  auto store = Create();
  ASSERT_TRUE(CommitOn(*store, maker_, "main").has_value());
  auto check = [&] {
    auto reader = Open({.read_only = true});
    if (!reader) std::printf("%s\n", reader.error().message().c_str());
    return reader.has_value() && (*reader)->ReadRef("main").value()->moves == 1 &&
           (*reader)->ReadRef("other").value() == std::nullopt &&
           (*reader)->LastVersion(TableId{{1}}).value() == 1 &&
           (*reader)->BeginWrite(kNoWait).error().code() == ErrorCode::kReadOnly;
  };
  EXPECT_TRUE(TrueAsReader(directory_.path(), check)) << "while a writer has it open";
  store.reset();
  EXPECT_TRUE(TrueAsReader(directory_.path(), check)) << "closed, with its log";
  ASSERT_TRUE(Open().value()->Checkpoint().has_value());
  std::filesystem::remove(directory_.Path("rhizo.db-shm"));
  std::filesystem::remove(directory_.Path("rhizo.db-wal"));
  EXPECT_TRUE(TrueAsReader(directory_.path(), check)) << "without log and index";
  EXPECT_TRUE(TrueAsReader(directory_.path(), [&] {
    return Open().error().code() == ErrorCode::kReadOnly;
  })) << "opening for writing is refused";
}

TEST_F(ProcessTest, ACopyOfAClosedDatabaseIsADatabase) {
  auto store = Create();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(CommitOn(*store, maker_, "main").has_value());
  store.reset();
  io::TemporaryDirectory other;
  std::filesystem::copy(directory_.path(), other.path(), std::filesystem::copy_options::recursive);
  auto copy = SqliteMetaStore::Open(other.path(), {}).value();
  EXPECT_EQ(copy->ReadRef("main").value()->moves, 3u);
  EXPECT_TRUE(CommitOn(*copy, maker_, "main").has_value());
  EXPECT_EQ(Open().value()->ReadRef("main").value()->moves, 3u);
}

}  // namespace
}  // namespace rhizo::meta
