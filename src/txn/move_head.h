// Moving a branch to commits that were made for it, or to one that is there: durable when it
// returns. Stateless.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "txn/repository.h"
#include "txn/staged_state.h"

namespace rhizo::txn {

// A commit that is not published yet, and the small objects that go with it.
struct NewCommit {
  CommitId id;
  std::shared_ptr<const model::Commit> commit;
  StagedObjects objects;
  std::vector<PlacedTable> tables;  // that are not as in its first parent
  bool is_pure = false;  // it may be made elsewhere, too: its transaction id is not this move's
};

Result<Head> ReadHead(Repository& repository, const CommitId& id);

// Whoever finds that a branch moved tries again, as long as others may hold the writer lock.
class Attempts {
 public:
  Attempts(const Repository& repository, std::string branch);
  // kBusy once the time is over that there is from the second attempt on.
  Status Begin();

 private:
  const std::string branch_;
  const std::chrono::milliseconds patience_;
  std::chrono::steady_clock::time_point end_;
  int begun_ = 0;
};

// The branch, also a scratch one. kBranchNotFound, also for a tag or commit.
Result<meta::Ref> ReadBranch(Repository& repository, const std::string& branch);

// From `head` through `commits`, each on top of the one before; false if the branch has moved from
// `head`. kBranchNotFound.
Result<bool> MoveHead(Repository& repository, const std::string& branch, const CommitId& head,
                      const std::vector<NewCommit>& commits, const std::string& operation);
// To a commit that is there. kInvalidArgument for a protected branch that it would take commits
// from.
Result<bool> MoveHead(Repository& repository, const std::string& branch, const CommitId& head,
                      const CommitId& target, const std::string& operation);

}  // namespace rhizo::txn
