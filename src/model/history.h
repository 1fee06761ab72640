// Questions about the graph of commits, asked through a loader so that any store or cache can
// answer. Every walk visits only what its answer needs: generations prune. Errors of the loader are
// returned. Stateless functions; LogWalker is not thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <queue>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/id.h"
#include "base/result.h"
#include "model/commit.h"

namespace rhizo::model {

using CommitLoader = std::function<Result<Commit>(const CommitId&)>;

// Whether `ancestor` is `descendant` or reachable from it.
Result<bool> IsAncestor(const CommitLoader& load, const CommitId& ancestor,
                        const CommitId& descendant);

// Common ancestors of both (themselves included) that are no ancestors of another common one, by
// id. Empty only for unrelated databases.
Result<std::vector<CommitId>> BestCommonAncestors(const CommitLoader& load, const CommitId& a,
                                                  const CommitId& b);
// The same of the histories of several commits, taken as one, and that of another.
Result<std::vector<CommitId>> BestCommonAncestors(const CommitLoader& load,
                                                  const std::vector<CommitId>& a,
                                                  const CommitId& b);

// The history of one or several heads, newest first: descending (generation, time, id), each commit
// once, so a commit always comes before its ancestors. Lazy: loads what Next() needs.
class LogWalker {
 public:
  using Item = std::pair<CommitId, Commit>;

  LogWalker(CommitLoader load, std::vector<CommitId> heads)
      : load_(std::move(load)), pending_(std::move(heads)) {}

  // Nothing after the last commit.
  Result<std::optional<Item>> Next();

 private:
  struct Older {
    bool operator()(const Item& a, const Item& b) const;
  };
  Status Enqueue(const CommitId& id);

  CommitLoader load_;
  std::vector<CommitId> pending_;  // seen but not loaded yet
  std::priority_queue<Item, std::vector<Item>, Older> queue_;
  std::unordered_set<CommitId> seen_;
};

// Calls `visit` for the history of `head`, newest first, until it returns false.
Status WalkLog(const CommitLoader& load, const CommitId& head,
               const std::function<bool(const CommitId&, const Commit&)>& visit);

}  // namespace rhizo::model
