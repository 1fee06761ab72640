// Merging what another head holds into a branch (docs/merge.md, section 5). A plain merge is
// automatic: its parents are the maximal commits of users that it contains, its state their fold,
// so the same commits give the same merge everywhere. Where the two heads by themselves merge to
// something else (one side changed again what both had when they merged last) it is theirs, which
// is the same for the same heads. One with a message, a strategy or no_ff is a user's commit.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "txn/database_merge.h"
#include "txn/merge_workspace.h"
#include "txn/transaction.h"

namespace rhizo::txn {

struct BranchMergeOptions {
  DatabaseMergeOptions database;  // mode kBranch
  bool no_fast_forward = false;
  std::optional<CommitId> ours;  // where the branch has to be; kConflict if it is not
  CommitText text;               // author; a message makes it a user's commit
};

struct BranchMerged {
  CommitId commit;  // the head afterwards
  CommitId ours;    // the head before
  CommitId theirs;
  bool changed = false;
  bool fast_forward = false;
  std::vector<MergedTableInfo> tables;   // that both sides changed
  std::vector<TableConflict> conflicts;  // then nothing moved
};

// Not published anywhere.
struct MergePreview {
  BranchMerged outcome;
  std::vector<PlacedTable> tables;     // that are not as in ours; none of those that contradict
  std::shared_ptr<const View> merged;  // where they can be opened
};

// What a merge of two heads would do.
Result<BranchMerged> TryMerge(Repository& repository, const MergeTools& tools, const CommitId& ours,
                              const CommitId& theirs, const BranchMergeOptions& options);
// The same, and what the branch would be then.
Result<MergePreview> PreviewMerge(Repository& repository, const MergeTools& tools,
                                  const CommitId& ours, const CommitId& theirs,
                                  const BranchMergeOptions& options);

// Conflicts are an outcome, not an error. kBranchNotFound; kInvalidArgument for unrelated
// databases.
Result<BranchMerged> MergeBranch(Repository& repository, const MergeTools& tools,
                                 const std::string& branch, const CommitId& source,
                                 const BranchMergeOptions& options);

}  // namespace rhizo::txn
