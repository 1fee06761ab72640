// What two histories started from: the merge of all their best common ancestors, in the order of
// their ids, recursively. Such a virtual state is only ever in memory; what contradicts in it is
// undefined (docs/merge.md, rule 2.2). Not thread-safe.
#pragma once

#include <map>
#include <vector>

#include "txn/database_merge.h"

namespace rhizo::txn {

class MergeBase {
 public:
  // Both outlive it. Virtual states are put together in means.context.staging.
  MergeBase(Repository& repository, const merge::MergeMeans& means)
      : repository_(repository), means_(means) {}

  // Of the histories of `ours`, taken as one, and that of `theirs`. kInvalidArgument if they have
  // nothing in common: two databases.
  Result<MergeState> Of(const std::vector<CommitId>& ours, const CommitId& theirs);

 private:
  Result<MergeState> Merge(const std::vector<CommitId>& commits);

  Repository& repository_;
  const merge::MergeMeans& means_;
  std::map<std::vector<CommitId>, MergeState> known_;
};

// Loads commits of a repository for walks of the history.
Result<model::Commit> LoadCommitOf(Repository& repository, const CommitId& id);

}  // namespace rhizo::txn
