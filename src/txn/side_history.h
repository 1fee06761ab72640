// What the commits of one side alone did that states do not show, and a merge has to know
// (docs/merge.md, rule 2.8 and section 5).
#pragma once

#include <map>
#include <optional>
#include <set>

#include "model/commit.h"
#include "txn/database_merge.h"

namespace rhizo::txn {

struct SideHistory {
  std::set<TableId> replaced;  // as a whole, and no merge of a user settled it
  // The commit that made a change first -> the commit that this side has it as.
  std::map<CommitId, CommitId> changes;
};

// Of the commits in the history of `side` that are not in that of `other`.
Result<SideHistory> HistoryOf(Repository& repository, const CommitId& side, const CommitId& other);

// Changes that both sides have, under different commits: a pick and its origin, or two picks. Their
// tables whose counting columns (rules add, multiply) they changed -> why merging would count
// twice.
Result<std::map<TableId, std::string>> CountedTwice(Repository& repository,
                                                    const merge::MergeMeans& means,
                                                    const SideHistory& ours,
                                                    const SideHistory& theirs);

// The commit that made the change of `commit` first, if it is a pick.
std::optional<CommitId> PickedFrom(const model::Commit& commit);
void SetPickedFrom(model::Commit* commit, const CommitId& origin);

}  // namespace rhizo::txn
