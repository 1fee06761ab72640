// What a rebase does again: what its new base has by picking is left out, as often as it has it
// (docs/merge.md, section 7).
#pragma once

#include <map>
#include <vector>

#include "txn/side_history.h"

namespace rhizo::txn {

struct RebaseStep {
  Head commit;
  // Of what a picked merge brought, what is there: part of it, or all but how it was settled.
  std::multimap<TableId, SharedChange> shared;
};

// `commits`: of the branch, oldest first, none of them a merge. `there`: what the new base has that
// the branch has not.
Result<std::vector<RebaseStep>> RebaseSteps(Repository& repository,
                                            const std::vector<Head>& commits,
                                            const SideHistory& there);

}  // namespace rhizo::txn
