// What the commits of one side alone did that states do not show, and a merge has to know
// (docs/merge.md, rule 2.8 and section 5).
#pragma once

#include <map>
#include <set>
#include <vector>

#include "txn/database_merge.h"
#include "txn/origin.h"

namespace rhizo::txn {

struct SideHistory {
  // As a whole, and no merge of a user settled it; of each table the last replacement first.
  std::multimap<TableId, Origin> replaced;
  // What was changed, and the commits that this side has it as.
  std::multimap<Origin, CommitId> changes;
};

// Of the commits in the history of `side` that are not in that of `other`.
Result<SideHistory> HistoryOf(Repository& repository, const CommitId& side, const CommitId& other);
// If `pick` is one of a merge: of the commits that this brought to its parent, without merges.
Result<SideHistory> BroughtBy(Repository& repository, const Head& pick);
// Tables that commits of `side` alone replaced as a whole, and that are not as `other` has replaced
// them by the same changes. `history`: of `side` beyond `other`.
Result<std::set<TableId>> ReplacedBeyond(Repository& repository, const SideHistory& history,
                                         const CommitId& side, const CommitId& other);

// What a merge of the histories of `ours`, each with that of `theirs`, has to know.
Result<Replaced> FindReplaced(Repository& repository, const std::vector<CommitId>& ours,
                              const CommitId& theirs);

}  // namespace rhizo::txn
