// Which commits are in the history of a head. Positive answers are remembered: histories only grow
// at their heads, so the set of one head is extended by what is new when asked about a later one.
// Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <unordered_set>

#include "base/id.h"
#include "base/result.h"
#include "model/commit.h"

namespace rhizo::txn {

using LoadCommit = std::function<Result<std::shared_ptr<const model::Commit>>(const CommitId&)>;

class Ancestry {
 public:
  explicit Ancestry(LoadCommit load) : load_(std::move(load)) {}

  // True if `ancestor` (of generation `generation`) is `head` or reachable from it.
  Result<bool> Contains(const CommitId& head, const CommitId& ancestor, uint64_t generation);

 private:
  // Everything reachable from `head` down to generation `floor` is in `known`; the commits just
  // below are `frontier`.
  struct History {
    CommitId head;
    uint64_t floor = 0;
    std::unordered_set<CommitId> known;
    std::vector<CommitId> frontier;
  };

  Status Extend(History* history, uint64_t floor);
  Status Restart(History* history, const CommitId& head);

  const LoadCommit load_;
  std::mutex mutex_;
  History history_;
};

}  // namespace rhizo::txn
