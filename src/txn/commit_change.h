// A table before and after a commit.
#pragma once

#include <memory>
#include <optional>

#include "merge/table_merge.h"
#include "model/commit.h"
#include "table/open_table.h"
#include "txn/repository.h"

namespace rhizo::txn {

// In types that hold the values of both.
struct CommitChange {
  std::shared_ptr<const table::OpenTable> before;
  std::shared_ptr<const table::OpenTable> after;
};

// Seen from `parent`. Nothing if the commit left the table alone or dropped it.
Result<std::optional<CommitChange>> ChangeOf(Repository& repository, const merge::MergeMeans& means,
                                             const model::Commit& commit, const CommitId& parent,
                                             const TableId& id);

}  // namespace rhizo::txn
