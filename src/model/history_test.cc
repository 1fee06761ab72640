#include "model/history.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "model/testing/canonical.h"

namespace rhizo::model {
namespace {

// Commits by number; ids are those of real commits. Counts loads.
class Graph {
 public:
  size_t Add(const std::vector<size_t>& parents, int64_t time = 0) {
    Commit commit;
    commit.time = {time};
    commit.message = std::to_string(commits_.size());
    for (size_t parent : parents) {
      commit.parents.push_back(ids_[parent]);
      commit.generation = std::max(commit.generation, commits_.at(ids_[parent]).generation + 1);
    }
    CommitId id = CommitIdOf(Encode(commit));
    numbers_[id] = ids_.size();
    parents_.push_back(parents);
    ids_.push_back(id);
    commits_[id] = std::move(commit);
    return ids_.size() - 1;
  }

  CommitLoader loader() {
    return [this](const CommitId& id) -> Result<Commit> {
      ++loads_;
      auto found = commits_.find(id);
      if (found == commits_.end()) return Corruption("commit " + id.Short() + " is missing");
      return found->second;
    };
  }

  std::set<size_t> Reachable(size_t from) const {
    std::set<size_t> out = {from};
    for (size_t parent : parents_[from]) out.merge(Reachable(parent));
    return out;
  }

  std::set<size_t> NaiveBest(size_t a, size_t b) const {
    std::set<size_t> of_a = Reachable(a), of_b = Reachable(b), common, best;
    std::set_intersection(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(),
                          std::inserter(common, common.end()));
    for (size_t candidate : common) {
      bool covered = std::any_of(common.begin(), common.end(), [&](size_t other) {
        return other != candidate && Reachable(other).contains(candidate);
      });
      if (!covered) best.insert(candidate);
    }
    return best;
  }

  std::set<size_t> Best(size_t a, size_t b) {
    auto found = BestCommonAncestors(loader(), ids_[a], ids_[b]);
    EXPECT_TRUE(found);
    EXPECT_TRUE(std::is_sorted(found->begin(), found->end()));
    return Numbers(*found);
  }

  std::set<size_t> BestOfSeveral(const std::vector<size_t>& heads, size_t b) {
    std::vector<CommitId> ids;
    for (size_t head : heads) ids.push_back(ids_[head]);
    auto found = BestCommonAncestors(loader(), ids, ids_[b]);
    EXPECT_TRUE(found);
    return Numbers(*found);
  }

  bool Ancestor(size_t a, size_t b) { return *IsAncestor(loader(), ids_[a], ids_[b]); }

  std::vector<size_t> Log(size_t head, size_t limit = SIZE_MAX) {
    std::vector<size_t> out;
    EXPECT_TRUE(WalkLog(loader(), ids_[head], [&](const CommitId& id, const Commit&) {
      out.push_back(numbers_.at(id));
      return out.size() < limit;
    }));
    return out;
  }

  void Lose(size_t number) { commits_.erase(ids_[number]); }
  const CommitId& id(size_t number) const { return ids_[number]; }
  const Commit& commit(size_t number) const { return commits_.at(ids_[number]); }
  size_t loads() const { return loads_; }

 private:
  std::set<size_t> Numbers(const std::vector<CommitId>& ids) const {
    std::set<size_t> out;
    for (const auto& id : ids) out.insert(numbers_.at(id));
    return out;
  }

  std::vector<CommitId> ids_;
  std::vector<std::vector<size_t>> parents_;
  std::map<CommitId, Commit> commits_;
  std::map<CommitId, size_t> numbers_;
  size_t loads_ = 0;
};

Graph Chain(size_t length) {
  Graph graph;
  graph.Add({});
  for (size_t i = 1; i < length; ++i) graph.Add({i - 1});
  return graph;
}

Graph RandomGraph(uint64_t seed, size_t size) {
  std::mt19937_64 engine(seed);
  Graph graph;
  graph.Add({});
  for (size_t i = 1; i < size; ++i) {
    std::set<size_t> parents;
    for (size_t k = 0, count = 1 + engine() % 3; k < count; ++k) {
      parents.insert(i - 1 - engine() % std::min<size_t>(i, 6));
    }
    graph.Add({parents.begin(), parents.end()}, static_cast<int64_t>(engine() % 4));
  }
  return graph;
}

TEST(History, EveryCommitIsItsOwnAncestor) {
  Graph graph = Chain(3);
  EXPECT_TRUE(graph.Ancestor(2, 2));
  EXPECT_TRUE(graph.Ancestor(0, 2));
  EXPECT_FALSE(graph.Ancestor(2, 0));
}

TEST(History, AncestryAgreesWithReachabilityInRandomGraphs) {
  for (uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE(testing::SeedText(seed));
    Graph graph = RandomGraph(seed, 18);
    for (size_t a = 0; a < 18; ++a) {
      for (size_t b = 0; b < 18; ++b) {
        ASSERT_EQ(graph.Ancestor(a, b), graph.Reachable(b).contains(a)) << a << " " << b;
      }
    }
  }
}

TEST(History, AncestryLoadsNothingBelowTheAncestor) {
  Graph graph = Chain(1000);
  EXPECT_TRUE(graph.Ancestor(995, 999));
  EXPECT_FALSE(graph.Ancestor(999, 995));
  EXPECT_LE(graph.loads(), 12u);
}

TEST(History, BestCommonAncestorOfAForkIsWhereItForked) {
  Graph graph = Chain(3);
  size_t left = graph.Add({2});
  size_t right = graph.Add({2}, 1);
  EXPECT_EQ(graph.Best(left, right), std::set<size_t>{2});
}

TEST(History, CrissCrossHasTwoBestCommonAncestors) {
  Graph graph = Chain(1);
  size_t a = graph.Add({0}, 1);
  size_t b = graph.Add({0}, 2);
  size_t ab = graph.Add({a, b});
  size_t ba = graph.Add({b, a});
  EXPECT_EQ(graph.Best(ab, ba), (std::set<size_t>{a, b}));
}

TEST(History, BestCommonAncestorWithAnAncestorIsTheAncestor) {
  Graph graph = Chain(5);
  EXPECT_EQ(graph.Best(2, 4), std::set<size_t>{2});
  EXPECT_EQ(graph.Best(4, 4), std::set<size_t>{4});
}

TEST(History, UnrelatedDatabasesShareNothing) {
  Graph graph;
  size_t a = graph.Add({}, 1);
  size_t b = graph.Add({}, 2);
  EXPECT_TRUE(graph.Best(a, b).empty());
  EXPECT_FALSE(graph.Ancestor(a, b));
}

TEST(History, BestCommonAncestorsAgreeWithTheDefinitionInRandomGraphs) {
  for (uint64_t seed = 100; seed < 140; ++seed) {
    SCOPED_TRACE(testing::SeedText(seed));
    Graph graph = RandomGraph(seed, 16);
    for (size_t a = 0; a < 16; ++a) {
      for (size_t b = 0; b < 16; ++b) ASSERT_EQ(graph.Best(a, b), graph.NaiveBest(a, b));
    }
  }
}

TEST(History, SeveralHeadsHaveTheBestCommonAncestorsOfACommitThatMergesThem) {
  for (uint64_t seed = 200; seed < 220; ++seed) {
    SCOPED_TRACE(testing::SeedText(seed));
    Graph graph = RandomGraph(seed, 14);
    size_t merged = graph.Add({9, 11, 12});
    for (size_t b = 0; b < 14; ++b) {
      ASSERT_EQ(graph.BestOfSeveral({9, 11, 12}, b), graph.NaiveBest(merged, b));
    }
  }
}

TEST(History, BestCommonAncestorsStopSoonAfterTheFork) {
  Graph graph = Chain(1000);
  size_t left = graph.Add({999});
  size_t right = graph.Add({999}, 1);
  graph.Best(left, right);
  EXPECT_LE(graph.loads(), 5u);
}

TEST(Log, ShowsEachCommitOnceBeforeItsAncestors) {
  for (uint64_t seed = 200; seed < 230; ++seed) {
    SCOPED_TRACE(testing::SeedText(seed));
    Graph graph = RandomGraph(seed, 30);
    auto log = graph.Log(29);
    std::set<size_t> reachable = graph.Reachable(29);
    ASSERT_EQ(std::set<size_t>(log.begin(), log.end()), reachable);
    ASSERT_EQ(log.size(), reachable.size());
    for (size_t i = 1; i < log.size(); ++i) {
      const Commit& newer = graph.commit(log[i - 1]);
      const Commit& older = graph.commit(log[i]);
      ASSERT_GE(std::tie(newer.generation, newer.time, graph.id(log[i - 1])),
                std::tie(older.generation, older.time, graph.id(log[i])));
    }
  }
}

TEST(Log, LoadsOnlyWhatIsAskedFor) {
  Graph graph = Chain(1000);
  EXPECT_EQ(graph.Log(999, 3), (std::vector<size_t>{999, 998, 997}));
  EXPECT_LE(graph.loads(), 4u);
}

TEST(Log, OfSeveralHeadsShowsSharedCommitsOnce) {
  Graph graph = Chain(3);
  size_t left = graph.Add({2});
  size_t right = graph.Add({2}, 1);
  LogWalker walker(graph.loader(), {graph.id(left), graph.id(right)});
  size_t count = 0;
  for (auto item = walker.Next(); *item; item = walker.Next()) ++count;
  EXPECT_EQ(count, 5u);
}

TEST(History, MissingCommitIsTheLoadersError) {
  Graph graph = Chain(5);
  size_t left = graph.Add({4});
  size_t right = graph.Add({3});
  graph.Lose(3);
  EXPECT_EQ(BestCommonAncestors(graph.loader(), graph.id(left), graph.id(right)).error().code(),
            ErrorCode::kCorruption);
  EXPECT_FALSE(WalkLog(graph.loader(), graph.id(left), [](auto&, auto&) { return true; }));
}

}  // namespace
}  // namespace rhizo::model
