// Of which keys of a table commits deleted rows, whatever became of the keys since. Reads the
// commits at the first question.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <unordered_map>

#include "table/key_hash.h"
#include "txn/database_merge.h"
#include "txn/table_change.h"

namespace rhizo::txn {

class DeletedKeys {
 public:
  // `commits`: of one side of a merge; merges among them deleted nothing by themselves. All is kept
  // by reference.
  DeletedKeys(Repository& repository, const merge::MergeMeans& means,
              const std::set<CommitId>& commits, const TableId& table, const table::KeyForm& key)
      : repository_(repository), means_(means), commits_(commits), table_(table), key_(key) {}

  // Of this key, by a commit that is not in the history of `had`, nor that itself.
  Result<bool> HasSince(const CommitId& had, uint64_t key);

 private:
  Status Load();
  Result<table::KeyHashes> DeletedBy(const model::Commit& commit) const;

  Repository& repository_;
  const merge::MergeMeans& means_;
  const std::set<CommitId>& commits_;
  const TableId& table_;
  const table::KeyForm& key_;
  std::optional<std::unordered_multimap<uint64_t, std::shared_ptr<const Head>>>
      deleted_;  // by whom
};

}  // namespace rhizo::txn
