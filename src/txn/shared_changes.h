// Changes that both sides of a merge have, by picking (docs/merge.md, section 5): where they count,
// a merge would count them twice.
#pragma once

#include <map>
#include <set>

#include "table/key_hash.h"
#include "txn/database_merge.h"
#include "txn/deleted_keys.h"
#include "txn/side_history.h"

namespace rhizo::txn {

// Of one origin, under different commits: a pick and its origin, or two picks; by the tables that
// one of them changed.
Result<std::multimap<TableId, SharedChange>> SharedChanges(Repository& repository,
                                                           const SideHistory& ours,
                                                           const SideHistory& theirs);

// What one pick brought to both sides of a table.
struct SharedRows {
  std::set<FieldId> fields;  // of which both changed cells, also of rows that one of them inserted
  merge::RowStarts rows;     // that one of them inserted
};

class SharedRowsFinder {
 public:
  // `key`: `table` has it now, no parts if it has none. `sides`: has the commits of either. All is
  // kept by reference.
  SharedRowsFinder(Repository& repository, const merge::MergeMeans& means, const Replaced& sides,
                   const TableId& table, const table::KeyForm& key);
  Result<SharedRows> Find(const SharedChange& change);

 private:
  Status FindMadeAnew(const SharedChange& change, merge::RowStarts* rows);

  Repository& repository_;
  const merge::MergeMeans& means_;
  const TableId& table_;
  const table::KeyForm& key_;
  DeletedKeys deleted_by_ours_;
  DeletedKeys deleted_by_theirs_;
};

}  // namespace rhizo::txn
