#include "txn/merge_base.h"

#include "model/history.h"
#include "txn/side_history.h"

namespace rhizo::txn {

Result<model::Commit> LoadCommitOf(Repository& repository, const CommitId& id) {
  ASSIGN_OR_RETURN(auto commit, repository.ReadCommit(id));
  return *commit;
}

Result<MergeState> MergeBase::Of(const std::vector<CommitId>& ours, const CommitId& theirs) {
  auto load = [&](const CommitId& id) { return LoadCommitOf(repository_, id); };
  ASSIGN_OR_RETURN(auto best, model::BestCommonAncestors(load, ours, theirs));
  if (best.empty()) {
    return InvalidArgument("merge: " + ours.front().Short() + " and " + theirs.Short() +
                           " have no commit in common");
  }
  return Merge(best);
}

Result<MergeState> MergeBase::Merge(const std::vector<CommitId>& commits) {
  ASSIGN_OR_RETURN(auto first, repository_.ReadCommit(commits.front()));
  if (commits.size() == 1) return MergeState{first->state_root, {}, {}};
  if (auto known = known_.find(commits); known != known_.end()) return known->second;
  DatabaseMergeOptions options;
  options.mode = merge::MergeMode::kVirtual;
  MergeState merged{first->state_root, {}, {}};
  std::vector<CommitId> done = {commits.front()};
  for (size_t i = 1; i < commits.size(); ++i) {
    ASSIGN_OR_RETURN(auto base, Of(done, commits[i]));
    ASSIGN_OR_RETURN(auto next, repository_.ReadCommit(commits[i]));
    MergeState undecided = {};
    undecided.undefined_tables = merged.undefined_tables;
    // What contradicts as a whole table is undefined as a whole.
    ASSIGN_OR_RETURN(auto replaced, FindReplaced(repository_, done, commits[i]));
    DatabaseMerge merge(repository_, means_, options, replaced);
    ASSIGN_OR_RETURN(auto both, merge.Run(base, merged, {next->state_root, {}, {}}, &undecided));
    // What was not known of the ones before is not known with this one either.
    for (const auto& [id, undefined] : merged.undefined) undecided.undefined[id].Add(undefined);
    undecided.root = both.root;
    merged = std::move(undecided);
    done.push_back(commits[i]);
  }
  known_.emplace(commits, merged);
  return merged;
}

}  // namespace rhizo::txn
