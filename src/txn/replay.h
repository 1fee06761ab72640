// Doing again, undoing, and doing elsewhere what commits did: the merge law with another base
// (docs/merge.md, section 5). Rows keep their ids and places. Conflicts are an outcome, not an
// error: then nothing moved. Stateless.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "txn/database_merge.h"
#include "txn/merge_workspace.h"
#include "txn/transaction.h"

namespace rhizo::txn {

struct Replayed {
  CommitId commit;  // the head afterwards
  CommitId before;  // the head before
  bool changed = false;
  CommitId failed = {};                       // the commit that contradicts
  std::vector<TableConflict> conflicts = {};  // then nothing moved
  std::vector<MergedTableInfo> settled = {};  // tables in which somebody was favoured, step by step
};

struct ReplayOptions {
  std::string author;
  std::string message;             // "": made from that of the commit
  std::optional<uint32_t> parent;  // of a merge: against which of its parents, from 1 on
  merge::Favour favour = merge::Favour::kNobody;
};

// Undoes what `commit` did, on top of the branch. kInvalidArgument for the root commit, and for a
// merge without `parent`.
Result<Replayed> Revert(Repository& repository, const MergeTools& tools, const std::string& branch,
                        const CommitId& commit, const ReplayOptions& options);
// Does again what `commit` did, on top of the branch, under its author and message; it records
// where it was picked from.
Result<Replayed> CherryPick(Repository& repository, const MergeTools& tools,
                            const std::string& branch, const CommitId& commit,
                            const ReplayOptions& options);
// The branch becomes `onto` with the commits on top that it has and `onto` has not, each done
// again. kUnsupported if a merge is among them.
Result<Replayed> Rebase(Repository& repository, const MergeTools& tools, const std::string& branch,
                        const CommitId& onto, const ReplayOptions& options);
// The branch becomes `target`, whatever it held; the ref log keeps what it was.
Result<Replayed> Reset(Repository& repository, const std::string& branch, const CommitId& target);

}  // namespace rhizo::txn
