#include "txn/transaction.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "txn/committer.h"
#include "txn/ref_resolver.h"
#include "txn/testing/rows.h"

namespace rhizo::txn {
namespace {

using testing::AppendTo;
using testing::CommitRows;
using testing::Numbered;
using testing::ReadAll;
using testing::Rows;
using testing::WriteTo;

#define ASSERT_OK(expression)                                        \
  do {                                                               \
    const auto& asserted = (expression);                             \
    ASSERT_TRUE(asserted.has_value()) << asserted.error().message(); \
  } while (false)

std::shared_ptr<Repository> InMemory() {
  auto repository = Repository::OpenInMemory();
  CHECK(repository.has_value());
  return *repository;
}

std::shared_ptr<const View> HeadView(Repository& repository,
                                     const std::string& branch = kMainBranch) {
  auto ref = repository.meta().ReadRef(branch);
  CHECK(ref.has_value() && ref->has_value());
  auto view = repository.ViewOf((*ref)->commit);
  CHECK(view.has_value());
  return *view;
}

std::unique_ptr<Transaction> BeginOn(const std::shared_ptr<Repository>& repository) {
  auto transaction = Transaction::Begin(repository, kMainBranch);
  CHECK(transaction.has_value());
  return std::move(*transaction);
}

model::QualifiedName Name(const std::string& text) { return *model::QualifiedName::Parse(text); }

TEST(Transaction, ManyTablesBecomeOneCommit) {
  auto repository = InMemory();
  auto transaction = BeginOn(repository);
  ASSERT_OK(WriteTo(*transaction, "a", Numbered(0, 3)));
  ASSERT_OK(WriteTo(*transaction, "b", Numbered(10, 2)));
  auto committed = repository->committer().Commit(*transaction, {"me", "two tables", {{"k", "v"}}});
  ASSERT_OK(committed);
  EXPECT_EQ(committed->tables.size(), 2u);
  auto view = HeadView(*repository);
  EXPECT_EQ(view->commit(), committed->commit);
  EXPECT_EQ(ReadAll(*view, "a"), Numbered(0, 3));
  EXPECT_EQ(ReadAll(*view, "b"), Numbered(10, 2));
  auto commit = repository->ReadCommit(committed->commit);
  ASSERT_OK(commit);
  EXPECT_EQ((*commit)->message, "two tables");
  EXPECT_EQ((*commit)->metadata.at("k"), "v");
}

TEST(Transaction, ReadsItsOwnWritesAndNobodyElseDoes) {
  auto repository = InMemory();
  ASSERT_OK(CommitRows(repository, "t", Numbered(0, 2), false));
  auto transaction = BeginOn(repository);
  ASSERT_OK(AppendTo(*transaction, "t", Numbered(2, 2)));
  auto own = transaction->CurrentView();
  ASSERT_OK(own);
  EXPECT_EQ(ReadAll(**own, "t"), Numbered(0, 4));
  EXPECT_TRUE((*own)->has_own_writes());
  EXPECT_EQ(ReadAll(*HeadView(*repository), "t"), Numbered(0, 2));
}

TEST(Transaction, WhatWasNotCommittedIsGone) {
  auto repository = InMemory();
  {
    auto transaction = BeginOn(repository);
    ASSERT_OK(WriteTo(*transaction, "t", Numbered(0, 2)));
  }
  auto tables = HeadView(*repository)->ListTables();
  ASSERT_OK(tables);
  EXPECT_TRUE(tables->empty());
}

TEST(Transaction, WritingEqualRowsAgainIsNoCommit) {
  auto repository = InMemory();
  auto first = CommitRows(repository, "t", Numbered(0, 5), false);
  ASSERT_OK(first);
  auto second = CommitRows(repository, "t", Numbered(0, 5), false);
  ASSERT_OK(second);
  EXPECT_TRUE(second->commit.IsZero());
  EXPECT_EQ(HeadView(*repository)->commit(), first->commit);
}

TEST(Transaction, ASnapshotIsReadAsLongAsTheReaderWants) {
  auto repository = InMemory();
  ASSERT_OK(CommitRows(repository, "t", Numbered(0, 1), false));
  auto old_view = HeadView(*repository);
  for (int i = 0; i < 50; ++i) ASSERT_OK(CommitRows(repository, "t", Numbered(i, 3), false));
  EXPECT_EQ(ReadAll(*old_view, "t"), Numbered(0, 1));
}

TEST(Transaction, DifferentTablesNeverConflict) {
  auto repository = InMemory();
  auto a = BeginOn(repository);
  auto b = BeginOn(repository);
  ASSERT_OK(WriteTo(*a, "a", Numbered(0, 1)));
  ASSERT_OK(WriteTo(*b, "b", Numbered(1, 1)));
  ASSERT_OK(repository->committer().Commit(*a, {}));
  ASSERT_OK(repository->committer().Commit(*b, {}));
  EXPECT_EQ(ReadAll(*HeadView(*repository), "a"), Numbered(0, 1));
  EXPECT_EQ(ReadAll(*HeadView(*repository), "b"), Numbered(1, 1));
}

TEST(Transaction, AppendsOfBothSidesStandInCommitOrder) {
  auto repository = InMemory();
  ASSERT_OK(CommitRows(repository, "t", Numbered(0, 2), false));
  auto a = BeginOn(repository);
  auto b = BeginOn(repository);
  ASSERT_OK(AppendTo(*a, "t", Numbered(100, 2)));
  ASSERT_OK(AppendTo(*b, "t", Numbered(200, 2)));
  ASSERT_OK(repository->committer().Commit(*b, {}));
  ASSERT_OK(repository->committer().Commit(*a, {}));
  Rows expected = Numbered(0, 2);
  for (const auto& row : Numbered(200, 2)) expected.push_back(row);
  for (const auto& row : Numbered(100, 2)) expected.push_back(row);
  EXPECT_EQ(ReadAll(*HeadView(*repository), "t"), expected);
}

TEST(Transaction, AWriteAgainstAConcurrentAppendIsAConflictThatNamesTheTable) {
  auto repository = InMemory();
  ASSERT_OK(CommitRows(repository, "t", Numbered(0, 2), false));
  auto writer = BeginOn(repository);
  ASSERT_OK(WriteTo(*writer, "t", Numbered(5, 1)));
  ASSERT_OK(CommitRows(repository, "t", Numbered(2, 1), true));
  auto committed = repository->committer().Commit(*writer, {});
  ASSERT_FALSE(committed.has_value());
  EXPECT_EQ(committed.error().code(), ErrorCode::kConflict);
  EXPECT_EQ(committed.error().field("table"), "t");
  EXPECT_TRUE(committed.error().retryable());
  EXPECT_EQ(ReadAll(*HeadView(*repository), "t"), Numbered(0, 3));
}

TEST(Transaction, AWriteWhoseRowsTheHeadAlreadyHoldsIsNoConflict) {
  auto repository = InMemory();
  ASSERT_OK(CommitRows(repository, "t", Numbered(0, 2), false));
  auto writer = BeginOn(repository);
  ASSERT_OK(WriteTo(*writer, "t", Numbered(0, 2)));
  ASSERT_OK(CommitRows(repository, "u", Numbered(0, 1), false));
  ASSERT_OK(repository->committer().Commit(*writer, {}));
}

// What came of the rows of the snapshot.
Result<Change> WriteBack(Transaction& transaction, const std::string& table, Rows rows) {
  auto open = transaction.OpenTable(Name(table));
  CHECK(open.has_value() && *open != nullptr);
  testing::VectorRows source(std::move(rows));
  return transaction.WriteOnBase(Name(table), (*open)->state(), (*open)->schema(), &source, {});
}

TEST(Transaction, EachAttemptMergesAnewWithWhatTheTransactionMade) {
  auto repository = InMemory();
  ASSERT_OK(CommitRows(repository, "t", Numbered(0, 8), false));
  auto changed = [&](size_t row) {
    auto rows = ReadAll(*HeadView(*repository), "t");
    rows[row].second = "changed";
    return rows;
  };
  auto prepare = [&](Transaction& transaction) {
    auto view = HeadView(*repository);
    auto commit = repository->ReadCommit(view->commit());
    CHECK(commit.has_value());
    return transaction.Prepare({view->commit(), *commit}, {});
  };
  auto ours = BeginOn(repository);
  ASSERT_OK(WriteBack(*ours, "t", changed(0)));
  for (size_t row = 1; row < 4; ++row) {
    auto other = BeginOn(repository);
    ASSERT_OK(WriteBack(*other, "t", changed(row)));
    ASSERT_OK(repository->committer().Commit(*other, {}));
    ASSERT_OK(prepare(*ours));
  }
  ASSERT_OK(repository->committer().Commit(*ours, {}));
  auto expected = Numbered(0, 8);
  for (size_t row = 0; row < 4; ++row) expected[row].second = "changed";
  EXPECT_EQ(ReadAll(*HeadView(*repository), "t"), expected);
}

TEST(Transaction, AnAppendStandsBehindRowsThatReplacedTheTableMeanwhile) {
  auto repository = InMemory();
  ASSERT_OK(CommitRows(repository, "t", Numbered(0, 2), false));
  auto appender = BeginOn(repository);
  ASSERT_OK(AppendTo(*appender, "t", Numbered(8, 1)));
  ASSERT_OK(CommitRows(repository, "t", Numbered(7, 1), false));
  ASSERT_OK(repository->committer().Commit(*appender, {}));
  EXPECT_EQ(ReadAll(*HeadView(*repository), "t"), Numbered(7, 2));
}

TEST(Transaction, TwoCreationsOfOneNameConflictAlsoUpToCase) {
  for (const std::string other : {"table_a", "TABLE_A"}) {
    auto repository = InMemory();
    auto a = BeginOn(repository);
    auto b = BeginOn(repository);
    ASSERT_OK(WriteTo(*a, "table_a", Numbered(0, 1)));
    ASSERT_OK(WriteTo(*b, other, Numbered(1, 1)));
    ASSERT_OK(repository->committer().Commit(*a, {}));
    auto committed = repository->committer().Commit(*b, {});
    ASSERT_FALSE(committed.has_value()) << other;
    EXPECT_EQ(committed.error().code(), ErrorCode::kConflict) << other;
  }
}

TEST(Transaction, DropAgainstAppendIsAConflictInBothOrders) {
  for (bool drop_first : {true, false}) {
    auto repository = InMemory();
    ASSERT_OK(CommitRows(repository, "t", Numbered(0, 1), false));
    auto dropper = BeginOn(repository);
    auto appender = BeginOn(repository);
    ASSERT_OK(dropper->DropTable(Name("t")));
    ASSERT_OK(AppendTo(*appender, "t", Numbered(1, 1)));
    ASSERT_OK(repository->committer().Commit(drop_first ? *dropper : *appender, {}));
    auto second = repository->committer().Commit(drop_first ? *appender : *dropper, {});
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code(), ErrorCode::kConflict);
  }
}

TEST(Transaction, ATableMayBeDroppedAndMadeAnewUnderItsNameInOneCommit) {
  auto repository = InMemory();
  ASSERT_OK(CommitRows(repository, "t", Numbered(0, 3), false));
  auto transaction = BeginOn(repository);
  ASSERT_OK(transaction->DropTable(Name("t")));
  ASSERT_OK(WriteTo(*transaction, "t", Numbered(9, 1)));
  ASSERT_OK(repository->committer().Commit(*transaction, {}));
  EXPECT_EQ(ReadAll(*HeadView(*repository), "t"), Numbered(9, 1));
}

TEST(Transaction, RenamingKeepsTheTableAndFreesItsName) {
  auto repository = InMemory();
  ASSERT_OK(CommitRows(repository, "old", Numbered(0, 3), false));
  auto transaction = BeginOn(repository);
  ASSERT_OK(transaction->RenameTable(Name("old"), Name("new")));
  ASSERT_OK(WriteTo(*transaction, "old", Numbered(5, 1)));
  ASSERT_OK(repository->committer().Commit(*transaction, {}));
  EXPECT_EQ(ReadAll(*HeadView(*repository), "new"), Numbered(0, 3));
  EXPECT_EQ(ReadAll(*HeadView(*repository), "old"), Numbered(5, 1));
}

TEST(Transaction, ViewsShowEveryStepOfManyTables) {
  auto repository = Repository::OpenInMemory(Collaborators::System()).value();
  ASSERT_TRUE(CommitRows(repository, "old", Numbered(0, 2), false).has_value());
  auto transaction = Transaction::Begin(repository, kMainBranch).value();
  auto names = [&] {
    std::vector<std::string> all;
    auto tables = transaction->CurrentView().value()->ListTables();
    for (const auto& table : *tables) all.push_back(table.name.name);
    return all;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(names(), Names{"old"});
  ASSERT_TRUE(WriteTo(*transaction, "b", Numbered(0, 1)).has_value());
  EXPECT_EQ(names(), (Names{"b", "old"}));
  // Two tables change places; one of them is new.
  ASSERT_TRUE(transaction->RenameTable({"main", "old"}, {"main", "c"}).has_value());
  ASSERT_TRUE(transaction->RenameTable({"main", "b"}, {"main", "old"}).has_value());
  ASSERT_TRUE(transaction->RenameTable({"main", "c"}, {"main", "b"}).has_value());
  EXPECT_EQ(names(), (Names{"b", "old"}));
  EXPECT_EQ(ReadAll(*transaction->CurrentView().value(), "b"), Numbered(0, 2));
  EXPECT_EQ(ReadAll(*transaction->CurrentView().value(), "old"), Numbered(0, 1));
  ASSERT_TRUE(AppendTo(*transaction, "b", Numbered(2, 1)).has_value());
  EXPECT_EQ(ReadAll(*transaction->CurrentView().value(), "b"), Numbered(0, 3));
  EXPECT_EQ(transaction->RenameTable({"main", "b"}, {"main", "OLD"}).error().code(),
            ErrorCode::kAlreadyExists);
  ASSERT_TRUE(transaction->DropTable({"main", "old"}).has_value());
  EXPECT_EQ(names(), Names{"b"});
  ASSERT_TRUE(transaction->RenameTable({"main", "b"}, {"main", "old"}).has_value());
  EXPECT_EQ(names(), Names{"old"});
}

TEST(Transaction, WritingANameThatDiffersInCaseFromATableIsRefused) {
  auto repository = Repository::OpenInMemory(Collaborators::System()).value();
  ASSERT_TRUE(CommitRows(repository, "abc", Numbered(0, 2), false).has_value());
  auto transaction = Transaction::Begin(repository, kMainBranch).value();
  for (int round = 0; round < 2; ++round) {
    auto written = WriteTo(*transaction, "ABC", Numbered(0, 1));
    ASSERT_FALSE(written.has_value());
    EXPECT_EQ(written.error().code(), ErrorCode::kAlreadyExists);
    EXPECT_FALSE(AppendTo(*transaction, "ABC", Numbered(0, 1)).has_value());
    ASSERT_TRUE(AppendTo(*transaction, "abc", Numbered(2, 1)).has_value());
  }
  EXPECT_EQ(ReadAll(*transaction->CurrentView().value(), "abc").size(), 4u);
}

TEST(Transaction, AnUnknownTableSuggestsTheNearestName) {
  auto repository = InMemory();
  ASSERT_OK(CommitRows(repository, "flights", Numbered(0, 1), false));
  auto transaction = BeginOn(repository);
  auto status = transaction->DropTable(Name("flihgts"));
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code(), ErrorCode::kTableNotFound);
  EXPECT_NE(status.error().message().find("\"flights\""), std::string::npos);
}

TEST(Transaction, ACallersIdAppliesOnce) {
  auto repository = InMemory();
  TxnId id = TxnId::FromBytes(std::string(16, 'x'));
  for (int attempt = 0; attempt < 2; ++attempt) {
    auto transaction = Transaction::Begin(repository, kMainBranch, id);
    if (attempt == 1) {
      ASSERT_FALSE(transaction.has_value());
      EXPECT_EQ(transaction.error().code(), ErrorCode::kAlreadyExists);
      break;
    }
    ASSERT_OK(transaction);
    ASSERT_OK(WriteTo(**transaction, "t", Numbered(0, 1)));
    ASSERT_OK(repository->committer().Commit(**transaction, {}));
  }
  auto landed = repository->meta().FindTransaction(id);
  ASSERT_OK(landed);
  EXPECT_TRUE(landed->has_value());
}

TEST(Transaction, ThreadsThatAppendToOneTableAllSucceed) {
  auto repository = InMemory();
  ASSERT_OK(CommitRows(repository, "t", {}, false));
  constexpr int kThreads = 8;
  constexpr int kAppends = 40;
  std::atomic<int> failures = 0;
  {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < kAppends; ++i) {
          if (!CommitRows(repository, "t", Numbered(thread * 1000 + i, 1), true)) ++failures;
        }
      });
    }
  }
  EXPECT_EQ(failures, 0);
  auto rows = ReadAll(*HeadView(*repository), "t");
  EXPECT_EQ(rows.size(), static_cast<size_t>(kThreads * kAppends));
  std::map<int64_t, int64_t> last;  // per thread, its rows stand in the order it appended them
  for (const auto& [n, text] : rows) {
    auto [slot, first] = last.try_emplace(n / 1000, -1);
    EXPECT_LT(slot->second, n);
    slot->second = n;
  }
}

TEST(Transaction, ALongRowOfTinyAppendsStaysFewSegments) {
  auto repository = InMemory();
  ASSERT_OK(CommitRows(repository, "t", {}, false));
  for (int i = 0; i < 300; ++i) ASSERT_OK(CommitRows(repository, "t", Numbered(i, 1), true));
  auto view = HeadView(*repository);
  auto table = view->FindTable(Name("t"));
  ASSERT_OK(table);
  EXPECT_LE((*table)->state().entries, 10u);
  EXPECT_EQ(ReadAll(*view, "t"), Numbered(0, 300));
}

TEST(Transaction, VersionsCountUpAndAreReadBack) {
  auto repository = InMemory();
  TableId id;
  for (int i = 0; i < 20; ++i) {
    auto committed = CommitRows(repository, "t", Numbered(i, 2), false);
    ASSERT_OK(committed);
    EXPECT_EQ(committed->tables[0].version, static_cast<uint64_t>(i + 1));
    id = committed->tables[0].id;
  }
  auto head = HeadView(*repository)->commit();
  for (uint64_t number = 1; number <= 20; ++number) {
    auto version = FindVersion(*repository, id, "t", number, head);
    ASSERT_OK(version);
    auto view = repository->ViewOf(version->commit);
    ASSERT_OK(view);
    EXPECT_EQ(ReadAll(**view, "t"), Numbered(static_cast<int64_t>(number) - 1, 2));
  }
  EXPECT_FALSE(FindVersion(*repository, id, "t", 21, head).has_value());
}

// Random transactions on a few tables, several open at once, against a naive model that applies
// each at its commit. Appends always succeed; writes succeed unless the table changed since their
// snapshot.
TEST(Transaction, RandomHistoriesFollowTheNaiveModel) {
  const uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  auto repository = InMemory();
  std::map<std::string, Rows> model;
  std::map<std::string, uint64_t> changed_at;
  struct Open {
    std::unique_ptr<Transaction> transaction;
    std::string table;
    Rows rows;
    bool append;
    uint64_t began;
  };
  std::vector<Open> open;
  int64_t next = 0;
  for (uint64_t step = 1; step <= 400; ++step) {
    if (open.size() < 3) {
      Open fresh{BeginOn(repository),
                 std::string(1, static_cast<char>('a' + random() % 3)),
                 {},
                 false,
                 step};
      fresh.rows = Numbered(next, static_cast<int64_t>(1 + random() % 4));
      next += 10;
      fresh.append = model.contains(fresh.table) && random() % 3 != 0;
      auto change = fresh.append ? AppendTo(*fresh.transaction, fresh.table, fresh.rows)
                                 : WriteTo(*fresh.transaction, fresh.table, fresh.rows);
      ASSERT_OK(change);
      open.push_back(std::move(fresh));
      continue;
    }
    size_t chosen = random() % open.size();
    Open done = std::move(open[chosen]);
    open.erase(open.begin() + static_cast<ptrdiff_t>(chosen));
    auto committed = repository->committer().Commit(*done.transaction, {});
    uint64_t barrier = done.append ? 0 : changed_at[done.table];
    ASSERT_EQ(committed.has_value(), barrier < done.began) << "step " << step;
    if (!committed) continue;
    if (!done.append) model[done.table].clear();
    for (const auto& row : done.rows) model[done.table].push_back(row);
    changed_at[done.table] = step;
    auto view = HeadView(*repository);
    for (const auto& [table, rows] : model)
      ASSERT_EQ(ReadAll(*view, table), rows) << "step " << step;
  }
}

}  // namespace
}  // namespace rhizo::txn
