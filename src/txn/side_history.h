// What the commits of one side alone did that states do not show, and a merge has to know
// (docs/merge.md, rule 2.8 and section 5).
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "model/commit.h"
#include "table/key_hash.h"
#include "txn/database_merge.h"

namespace rhizo::txn {

struct SideHistory {
  // As a whole, and no merge of a user settled it; by which commit first.
  std::multimap<TableId, CommitId> replaced;
  // The commit that made a change first -> the commits that this side has it as.
  std::multimap<CommitId, CommitId> changes;
};

// Of the commits in the history of `side` that are not in that of `other`.
Result<SideHistory> HistoryOf(Repository& repository, const CommitId& side, const CommitId& other);
// Tables that those commits replaced as a whole, but for replacements that were picked from
// `other`, or there.
Result<std::set<TableId>> ReplacedBeyond(Repository& repository, const CommitId& side,
                                         const CommitId& other);

// What a merge of the histories of `ours`, each with that of `theirs`, has to know.
Result<Replaced> FindReplaced(Repository& repository, const std::vector<CommitId>& ours,
                              const CommitId& theirs);

// What was done to rows of a table.
struct RowsChanged {
  std::set<FieldId> fields;   // of which cells were changed
  table::KeyHashes inserted;  // keys of rows that came
};

// What both commits did to rows of `table`, also where one changed a row that the other inserted.
// `key`: it has now, none of the fields if it has none.
Result<RowsChanged> ChangedByBoth(Repository& repository, const merge::MergeMeans& means,
                                  const SharedChange& change, const TableId& table,
                                  const table::KeyForm& key);

// The commit that made the change of `commit` first, if it is a pick.
std::optional<CommitId> PickedFrom(const model::Commit& commit);
// That commit, else `commit` itself.
CommitId OriginOf(const Head& commit);
// `pick` does again what `picked` did, or what that picked; `parent`: if that is a merge, against
// which of its parents (1, 2, ...).
void SetPickedFrom(model::Commit* pick, const Head& picked, const std::optional<uint32_t>& parent);

}  // namespace rhizo::txn
