// What every MetaStore promises. Instantiate with a fixture type that has `MetaStore& store()`,
// empty, and `void Reopen()`, after which store() holds the same:
//   INSTANTIATE_TYPED_TEST_SUITE_P(Memory, MetaStoreContract, MemoryFixture);
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/blake3.h"
#include "meta/testing/meta_model.h"

namespace rhizo::meta {

inline constexpr std::chrono::milliseconds kNoWait{0};
inline constexpr std::chrono::milliseconds kLongWait{60'000};

template <class Fixture>
class MetaStoreContract : public ::testing::Test {
 protected:
  MetaStore& store() { return fixture_.store(); }

  std::unique_ptr<WriteSession> Begin() { return store().BeginWrite(kLongWait).value(); }

  // Publishes and commits one publication.
  Published Land(const Publication& publication) {
    auto session = Begin();
    auto published = session->Publish(publication);
    EXPECT_TRUE(published.has_value()) << published.error().message();
    Status committed = session->Commit();
    EXPECT_TRUE(committed.has_value()) << committed.error().message();
    return published ? *published : Published();
  }

  // A publication that moves `ref` from `expected` to `target`, with a transaction id of its own.
  Publication Move(const std::string& ref, std::optional<CommitId> expected,
                   std::optional<CommitId> target) {
    Publication publication;
    publication.txn = maker_.DrawId<TxnId>();
    publication.commit = target.value_or(CommitId{});
    publication.time.micros = 100;
    publication.moves.push_back({ref, RefKind::kBranch, expected, target, "commit"});
    return publication;
  }

  template <class T>
  static ErrorCode CodeOf(const Result<T>& result) {
    EXPECT_FALSE(result.has_value());
    return result.has_value() ? ErrorCode::kSql : result.error().code();
  }

  std::vector<std::string> Faults() {
    std::vector<std::string> faults;
    Status looked = store().Verify([&](std::string_view what, std::string_view problem) {
      faults.push_back(std::string(what) + ": " + std::string(problem));
    });
    EXPECT_TRUE(looked.has_value()) << looked.error().message();
    return faults;
  }

  static constexpr CommitId kOne{{1}}, kTwo{{2}}, kThree{{3}};
  static constexpr TableId kTable{{7}};
  PublicationMaker maker_{1};
  Fixture fixture_;
};

TYPED_TEST_SUITE_P(MetaStoreContract);

TYPED_TEST_P(MetaStoreContract, AnEmptyStoreHasNothing) {
  EXPECT_EQ(this->store().ReadRef("main").value(), std::nullopt);
  EXPECT_TRUE(this->store().ListRefs().value().empty());
  EXPECT_TRUE(this->store().ReadRefLog("main", 0, UINT64_MAX).value().empty());
  EXPECT_TRUE(this->store().ReadVersions(this->kTable, 0, UINT64_MAX).value().empty());
  EXPECT_EQ(this->store().LastVersion(this->kTable).value(), 0u);
  EXPECT_FALSE(this->store().FindTransaction(TxnId{{1}}).value().has_value());
  EXPECT_EQ(this->CodeOf(this->store().GetObject(ObjectId{})), ErrorCode::kObjectNotFound);
  EXPECT_FALSE(this->store().HasUnsynced().value());
  EXPECT_TRUE(this->Faults().empty());
}

TYPED_TEST_P(MetaStoreContract, ARefCanBeCreatedMovedDeletedAndBroughtBack) {
  this->Land(this->Move("main", std::nullopt, this->kOne));
  Ref ref = this->store().ReadRef("main").value().value();
  EXPECT_EQ(ref, (Ref{.name = "main",
                      .kind = RefKind::kBranch,
                      .commit = this->kOne,
                      .moves = 1,
                      .expires = {},
                      .is_protected = false}));
  this->Land(this->Move("main", this->kOne, this->kTwo));
  EXPECT_EQ(this->store().ReadRef("main").value()->commit, this->kTwo);
  this->Land(this->Move("main", this->kTwo, std::nullopt));
  EXPECT_EQ(this->store().ReadRef("main").value(), std::nullopt);
  EXPECT_TRUE(this->store().ListRefs().value().empty());
  this->Land(this->Move("main", std::nullopt, this->kThree));
  EXPECT_EQ(this->store().ReadRef("main").value()->moves, 4u);

  auto log = this->store().ReadRefLog("main", 0, UINT64_MAX).value();
  ASSERT_EQ(log.size(), 4u);
  for (size_t i = 0; i < log.size(); ++i) EXPECT_EQ(log[i].number, i + 1);
  EXPECT_EQ(log[2].old_commit, this->kTwo);
  EXPECT_EQ(log[2].new_commit, std::nullopt);
  EXPECT_EQ(log[3].old_commit, std::nullopt);
}

TYPED_TEST_P(MetaStoreContract, TimesInARefsLogStrictlyRise) {
  Publication first = this->Move("main", std::nullopt, this->kOne);
  first.time.micros = 50;
  Publication second = this->Move("main", this->kOne, this->kTwo);
  second.time.micros = 10;
  Publication third = this->Move("main", this->kTwo, this->kThree);
  third.time.micros = 90;
  for (const auto& publication : {first, second, third}) this->Land(publication);
  std::vector<int64_t> times;
  const auto log = this->store().ReadRefLog("main", 1, 3).value();
  for (const auto& entry : log) {
    times.push_back(entry.time.micros);
  }
  EXPECT_THAT(times, ::testing::ElementsAre(50, 51, 90));
}

TYPED_TEST_P(MetaStoreContract, AMoveFromElsewhereIsAConflictThatNamesRefAndHead) {
  this->Land(this->Move("main", std::nullopt, this->kOne));
  auto session = this->Begin();
  auto moved = session->Publish(this->Move("main", this->kTwo, this->kThree));
  EXPECT_EQ(this->CodeOf(moved), ErrorCode::kConflict);
  EXPECT_EQ(moved.error().field("ref"), "main");
  EXPECT_EQ(moved.error().field("head"), this->kOne.ToString());
  EXPECT_EQ(this->CodeOf(session->Publish(this->Move("main", std::nullopt, this->kThree))),
            ErrorCode::kConflict);
  EXPECT_EQ(this->CodeOf(session->Publish(this->Move("other", this->kOne, this->kThree))),
            ErrorCode::kConflict);
}

TYPED_TEST_P(MetaStoreContract, ARefusedPublicationLeavesNothingAndTheSessionGoesOn) {
  this->Land(this->Move("main", std::nullopt, this->kOne));
  auto session = this->Begin();
  Publication refused = this->Move("fresh", std::nullopt, this->kTwo);
  refused.moves.push_back({"main", RefKind::kBranch, this->kTwo, this->kThree, "commit"});
  refused.versions.push_back({this->kTable, ObjectId{}});
  refused.objects.push_back(this->maker_.DrawObject(100));
  EXPECT_EQ(this->CodeOf(session->Publish(refused)), ErrorCode::kConflict);
  EXPECT_TRUE(session->Publish(this->Move("main", this->kOne, this->kTwo)).has_value());
  EXPECT_TRUE(session->Commit().has_value());

  EXPECT_EQ(this->store().ReadRef("main").value()->commit, this->kTwo);
  EXPECT_EQ(this->store().ReadRef("fresh").value(), std::nullopt);
  EXPECT_EQ(this->store().LastVersion(this->kTable).value(), 0u);
  EXPECT_FALSE(this->store().FindTransaction(refused.txn).value().has_value());
  EXPECT_EQ(this->CodeOf(this->store().GetObject(refused.objects[0].id)),
            ErrorCode::kObjectNotFound);
}

TYPED_TEST_P(MetaStoreContract, ATransactionLandsOnce) {
  Publication publication = this->Move("main", std::nullopt, this->kOne);
  publication.txn_from_caller = true;
  publication.time.micros = 77;
  this->Land(publication);
  auto landed = this->store().FindTransaction(publication.txn).value();
  ASSERT_TRUE(landed.has_value());
  EXPECT_EQ(landed->commit, this->kOne);
  EXPECT_EQ(landed->time.micros, 77);

  auto session = this->Begin();
  auto again = session->Publish(publication);
  EXPECT_EQ(this->CodeOf(again), ErrorCode::kAlreadyExists);
  EXPECT_EQ(again.error().field("commit"), this->kOne.ToString());
  Publication fresh = this->Move("other", std::nullopt, this->kOne);
  EXPECT_TRUE(session->Publish(fresh).has_value());
  EXPECT_EQ(this->CodeOf(session->Publish(fresh)), ErrorCode::kAlreadyExists);
}

TYPED_TEST_P(MetaStoreContract, ATransactionWithoutCommitLands) {
  Publication publication = this->Move("main", std::nullopt, this->kOne);
  publication.commit = CommitId{};
  this->Land(publication);
  EXPECT_TRUE(this->store().FindTransaction(publication.txn).value()->commit.IsZero());
  EXPECT_EQ(this->store().ReadRef("main").value()->commit, this->kOne);
}

TYPED_TEST_P(MetaStoreContract, VersionsAreNumberedDenselyPerTable) {
  const TableId other{{8}};
  Publication publication = this->Move("main", std::nullopt, this->kOne);
  publication.versions = {
      {this->kTable, ObjectId{{1}}}, {other, ObjectId{{2}}}, {this->kTable, ObjectId{{3}}}};
  EXPECT_THAT(this->Land(publication).version_numbers, ::testing::ElementsAre(1, 1, 2));
  Publication next = this->Move("main", this->kOne, this->kTwo);
  next.versions = {{this->kTable, ObjectId{{4}}}};
  EXPECT_THAT(this->Land(next).version_numbers, ::testing::ElementsAre(3));

  EXPECT_EQ(this->store().LastVersion(this->kTable).value(), 3u);
  auto versions = this->store().ReadVersions(this->kTable, 2, 9).value();
  ASSERT_EQ(versions.size(), 2u);
  EXPECT_EQ(versions[0], (TableVersion{this->kTable, 2, this->kOne, ObjectId{{3}}}));
  EXPECT_EQ(versions[1], (TableVersion{this->kTable, 3, this->kTwo, ObjectId{{4}}}));
}

TYPED_TEST_P(MetaStoreContract, ObjectsComeBackWhateverTheirSize) {
  Publication publication = this->Move("main", std::nullopt, this->kOne);
  for (size_t size : {0, 1, 500, 20'000, 40'000, 64 * 1024}) {
    publication.objects.push_back(this->maker_.DrawObject(size));
  }
  this->Land(publication);
  this->fixture_.Reopen();
  for (const NewObject& object : publication.objects) {
    EXPECT_EQ(this->store().GetObject(object.id).value(), object.bytes);
  }
}

TYPED_TEST_P(MetaStoreContract, TheSameObjectTwiceIsKeptOnce) {
  NewObject object = this->maker_.DrawObject(300);
  Publication first = this->Move("main", std::nullopt, this->kOne);
  first.objects = {object, object};
  this->Land(first);
  Publication second = this->Move("main", this->kOne, this->kTwo);
  second.objects = {object};
  this->Land(second);
  int listed = 0;
  EXPECT_TRUE(this->store()
                  .ListObjects([&](const ObjectId& id, uint64_t size) {
                    EXPECT_EQ(id, object.id);
                    EXPECT_EQ(size, 300u);
                    ++listed;
                    return true;
                  })
                  .has_value());
  EXPECT_EQ(listed, 1);
}

TYPED_TEST_P(MetaStoreContract, ListingStopsWhenAsked) {
  Publication publication = this->Move("main", std::nullopt, this->kOne);
  for (int i = 0; i < 5; ++i) publication.objects.push_back(this->maker_.DrawObject(10));
  this->Land(publication);
  int seen = 0;
  EXPECT_TRUE(
      this->store().ListObjects([&](const ObjectId&, uint64_t) { return ++seen < 2; }).has_value());
  EXPECT_EQ(seen, 2);
}

TYPED_TEST_P(MetaStoreContract, ObjectsAreFoundByTheBeginningOfTheirIds) {
  Publication publication = this->Move("main", std::nullopt, this->kOne);
  for (int i = 0; i < 300; ++i) publication.objects.push_back(this->maker_.DrawObject(20));
  this->Land(publication);
  for (const NewObject& object : publication.objects) {
    std::string hex = object.id.ToString();
    for (size_t digits : {7, 16, 17, 64}) {
      auto found = this->store().FindObjects(hex.substr(0, digits), 10).value();
      EXPECT_THAT(found, ::testing::Contains(object.id)) << digits;
    }
    hex.back() = hex.back() == '0' ? '1' : '0';
    EXPECT_TRUE(this->store().FindObjects(hex, 10).value().empty());
  }
  EXPECT_EQ(this->CodeOf(this->store().FindObjects("abc", 10)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(this->CodeOf(this->store().FindObjects("ABCDEF0", 10)), ErrorCode::kInvalidArgument);
}

TYPED_TEST_P(MetaStoreContract, OptionsOfARefStayWithIt) {
  this->Land(this->Move("main", std::nullopt, this->kOne));
  auto session = this->Begin();
  EXPECT_TRUE(session->SetRefOptions("main", Timestamp{500}, true).has_value());
  EXPECT_EQ(this->CodeOf(session->SetRefOptions("absent", std::nullopt, true)),
            ErrorCode::kBranchNotFound);
  EXPECT_TRUE(session->ReadRef("main").value()->is_protected);
  EXPECT_FALSE(this->store().ReadRef("main").value()->is_protected);
  EXPECT_TRUE(session->Commit().has_value());
  session.reset();
  this->Land(this->Move("main", this->kOne, this->kTwo));
  this->fixture_.Reopen();
  Ref ref = this->store().ReadRef("main").value().value();
  EXPECT_TRUE(ref.is_protected);
  EXPECT_EQ(ref.expires, Timestamp{500});
  EXPECT_EQ(ref.moves, 2u);
}

TYPED_TEST_P(MetaStoreContract, ASessionReadsWhatItPublishedAndOthersDoNotUntilItCommits) {
  auto session = this->Begin();
  ASSERT_TRUE(session->Publish(this->Move("main", std::nullopt, this->kOne)).has_value());
  EXPECT_EQ(session->ReadRef("main").value()->commit, this->kOne);
  EXPECT_EQ(this->store().ReadRef("main").value(), std::nullopt);
  ASSERT_TRUE(session->Publish(this->Move("main", this->kOne, this->kTwo)).has_value());
  EXPECT_TRUE(session->Commit().has_value());
  EXPECT_EQ(this->store().ReadRef("main").value()->commit, this->kTwo);
  EXPECT_EQ(this->store().ReadRefLog("main", 1, 9).value().size(), 2u);
}

TYPED_TEST_P(MetaStoreContract, DroppingASessionUndoesIt) {
  Publication publication = this->Move("main", std::nullopt, this->kOne);
  {
    auto session = this->Begin();
    ASSERT_TRUE(session->Publish(publication).has_value());
  }
  EXPECT_EQ(this->store().ReadRef("main").value(), std::nullopt);
  EXPECT_FALSE(this->store().FindTransaction(publication.txn).value().has_value());
  this->Land(publication);
}

TYPED_TEST_P(MetaStoreContract, ACommittedSessionTakesNoMore) {
  auto session = this->Begin();
  EXPECT_TRUE(session->Commit().has_value());
  EXPECT_EQ(this->CodeOf(session->Commit()), ErrorCode::kInvalidArgument);
  EXPECT_EQ(this->CodeOf(session->Publish(this->Move("main", std::nullopt, this->kOne))),
            ErrorCode::kInvalidArgument);
}

TYPED_TEST_P(MetaStoreContract, OnlyOneWritesAtATime) {
  auto session = this->Begin();
  EXPECT_EQ(this->CodeOf(this->store().BeginWrite(kNoWait)), ErrorCode::kBusy);
  session.reset();
  EXPECT_TRUE(this->store().BeginWrite(kNoWait).has_value());
}

TYPED_TEST_P(MetaStoreContract, TheChangeCounterChangesWithEveryCommitOnly) {
  uint64_t before = this->store().ChangeCounter().value();
  EXPECT_EQ(this->store().ChangeCounter().value(), before);
  this->Land(this->Move("main", std::nullopt, this->kOne));
  uint64_t after = this->store().ChangeCounter().value();
  EXPECT_NE(after, before);
  (void)this->store().ListRefs();
  EXPECT_EQ(this->store().ChangeCounter().value(), after);
}

TYPED_TEST_P(MetaStoreContract, ManyRefsAreListedInOrder) {
  Publication publication;
  publication.txn = this->maker_.template DrawId<TxnId>();
  std::vector<std::string> names;
  for (int i = 0; i < 3000; ++i) {
    names.push_back("branch/" + std::to_string(10'000 + i));
    publication.moves.push_back(
        {names.back(), RefKind::kBranch, std::nullopt, this->kOne, "branch"});
  }
  this->Land(publication);
  this->fixture_.Reopen();
  std::vector<std::string> listed;
  const auto refs = this->store().ListRefs().value();
  for (const Ref& ref : refs) listed.push_back(ref.name);
  EXPECT_EQ(listed, names);
  EXPECT_EQ(this->store().ReadRef(names[1234]).value()->commit, this->kOne);
  EXPECT_EQ(this->store().ReadRef("branch/1").value(), std::nullopt);
  EXPECT_EQ(this->store().ReadRefLog(names[17], 1, 1).value().size(), 1u);
}

TYPED_TEST_P(MetaStoreContract, ThousandsOfTablesAndObjectsInOnePublication) {
  Publication publication = this->Move("main", std::nullopt, this->kOne);
  for (uint16_t i = 0; i < 3000; ++i) {
    TableId table{{static_cast<uint8_t>(i & 255), static_cast<uint8_t>(i >> 8), 9}};
    publication.versions.push_back({table, ObjectId{{1}}});
    publication.objects.push_back(this->maker_.DrawObject(100));
  }
  this->Land(publication);
  this->fixture_.Reopen();
  EXPECT_EQ(this->store().LastVersion(publication.versions[2999].table).value(), 1u);
  for (const NewObject& object : publication.objects) {
    ASSERT_EQ(this->store().GetObject(object.id).value(), object.bytes);
  }
  EXPECT_TRUE(this->Faults().empty());
}

TYPED_TEST_P(MetaStoreContract, RandomPublicationsAgreeWithANaiveModel) {
  for (uint64_t seed : {1, 2, 3}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    if (seed != 1) this->fixture_ = TypeParam();
    PublicationMaker maker(seed);
    MetaModel model;
    for (int round = 0; round < 60; ++round) {
      auto session = this->Begin();
      MetaModel next = model;
      for (size_t i = maker.Below(4); i > 0; --i) {
        Publication publication = maker.Draw(next);
        auto expected = next.Publish(publication);
        auto got = session->Publish(publication);
        ASSERT_EQ(got.has_value(), expected.has_value()) << round;
        if (got) {
          ASSERT_EQ(got->version_numbers, expected->version_numbers);
        } else {
          ASSERT_EQ(got.error().code(), expected.error().code()) << got.error().message();
        }
      }
      if (!next.refs.empty() && maker.Below(3) == 0) {
        auto ref =
            std::next(next.refs.begin(), static_cast<ptrdiff_t>(maker.Below(next.refs.size())));
        ref->second.is_protected = maker.Below(2) == 0;
        ref->second.expires = Timestamp{static_cast<int64_t>(maker.Below(100))};
        ASSERT_TRUE(
            session->SetRefOptions(ref->first, ref->second.expires, ref->second.is_protected)
                .has_value());
      }
      if (maker.Below(5) != 0) {
        ASSERT_TRUE(session->Commit().has_value());
        model = std::move(next);
      }
      session.reset();
      if (maker.Below(4) == 0) this->fixture_.Reopen();
      if (round % 5 == 4) {
        ASSERT_EQ(DifferenceFrom(model, this->store()), "") << "round " << round;
      }
    }
    EXPECT_THAT(this->Faults(), ::testing::IsEmpty());
  }
}

TYPED_TEST_P(MetaStoreContract, TheVersionsThatWereThereWhenATransactionLandedAreKnown) {
  PublicationMaker maker(7);
  const TableId table{{1}};
  std::vector<std::pair<TxnId, uint64_t>> landed;
  MetaModel model;
  for (int i = 0; i < 60; ++i) {
    std::string ref = "w" + std::to_string(i % 3);
    Publication publication = maker.DrawSmallCommit(model, ref);
    if (i % 4 == 0) publication.versions.clear();
    auto session = this->store().BeginWrite(kLongWait).value();
    ASSERT_TRUE(session->Publish(publication).has_value());
    ASSERT_TRUE(session->Commit().has_value());
    session.reset();
    model.refs[ref] = *this->store().ReadRef(ref).value();
    landed.emplace_back(publication.txn, this->store().LastVersion(table).value());
    if (i % 20 == 19) this->fixture_.Reopen();
  }
  EXPECT_GT(landed.back().second, 30u);
  for (const auto& [txn, last] : landed) {
    EXPECT_EQ(this->store().LastVersionAsOf(table, txn).value(), last);
  }
  EXPECT_EQ(this->store().LastVersionAsOf(table, TxnId{{9}}).value(), landed.back().second);
  EXPECT_EQ(this->store().LastVersionAsOf(TableId{{9}}, landed[5].first).value(), 0u);
}

TYPED_TEST_P(MetaStoreContract, ThreadsReadWhileOthersWrite) {
  constexpr int kWriters = 3, kCommits = 40;
  std::vector<std::jthread> threads;
  for (int t = 0; t < kWriters; ++t) {
    threads.emplace_back([&, t] {
      PublicationMaker maker(static_cast<uint64_t>(100 + t));
      std::string ref = "w" + std::to_string(t);
      for (int i = 0; i < kCommits; ++i) {
        auto session = this->store().BeginWrite(kLongWait).value();
        MetaModel now;
        if (auto head = session->ReadRef(ref).value()) now.refs[ref] = *head;
        Publication publication = maker.DrawSmallCommit(now, ref);
        ASSERT_TRUE(session->Publish(publication).has_value());
        ASSERT_TRUE(session->Commit().has_value());
        session.reset();
        ASSERT_EQ(this->store().ReadRef(ref).value()->commit, publication.commit);
        ASSERT_EQ(this->store().GetObject(publication.objects[2].id).value(),
                  publication.objects[2].bytes);
      }
    });
  }
  std::atomic<bool> stop = false;
  std::jthread reader([&] {
    uint64_t last = 0;
    while (!stop) {
      uint64_t newest = this->store().LastVersion(TableId{{1}}).value();
      EXPECT_GE(newest, last);
      uint64_t expected = newest == 0 ? 0 : newest - std::max<uint64_t>(last, 1) + 1;
      EXPECT_EQ(this->store().ReadVersions(TableId{{1}}, last, newest).value().size(), expected);
      last = newest;
    }
  });
  threads.clear();
  stop = true;
  reader.join();
  EXPECT_EQ(this->store().LastVersion(TableId{{1}}).value(), uint64_t{kWriters * kCommits});
  for (int t = 0; t < kWriters; ++t) {
    EXPECT_EQ(this->store().ReadRef("w" + std::to_string(t)).value()->moves, uint64_t{kCommits});
  }
}

REGISTER_TYPED_TEST_SUITE_P(
    MetaStoreContract, AnEmptyStoreHasNothing, ARefCanBeCreatedMovedDeletedAndBroughtBack,
    TimesInARefsLogStrictlyRise, AMoveFromElsewhereIsAConflictThatNamesRefAndHead,
    ARefusedPublicationLeavesNothingAndTheSessionGoesOn, ATransactionLandsOnce,
    ATransactionWithoutCommitLands, VersionsAreNumberedDenselyPerTable,
    ObjectsComeBackWhateverTheirSize, TheSameObjectTwiceIsKeptOnce, ListingStopsWhenAsked,
    ObjectsAreFoundByTheBeginningOfTheirIds, OptionsOfARefStayWithIt,
    ASessionReadsWhatItPublishedAndOthersDoNotUntilItCommits, DroppingASessionUndoesIt,
    ACommittedSessionTakesNoMore, OnlyOneWritesAtATime, TheChangeCounterChangesWithEveryCommitOnly,
    ManyRefsAreListedInOrder, ThousandsOfTablesAndObjectsInOnePublication,
    RandomPublicationsAgreeWithANaiveModel, TheVersionsThatWereThereWhenATransactionLandedAreKnown,
    ThreadsReadWhileOthersWrite);

}  // namespace rhizo::meta
