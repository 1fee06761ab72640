// Which keys of a table commits deleted rows of, whatever became of the keys since.
#pragma once

#include <optional>
#include <set>
#include <utility>
#include <vector>

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

  // By commits that are not in the history of `had`, nor that itself.
  Result<table::KeyHashes> Since(const CommitId& had);

 private:
  Status Load();
  Result<table::KeyHashes> DeletedBy(const model::Commit& commit) const;

  Repository& repository_;
  const merge::MergeMeans& means_;
  const std::set<CommitId>& commits_;
  const TableId& table_;
  const table::KeyForm& key_;
  std::optional<std::vector<std::pair<Head, table::KeyHashes>>> deleted_;  // by those that did
};

}  // namespace rhizo::txn
