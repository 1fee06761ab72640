// Internal values as the plain structs of include/rhizo/types.h.
#pragma once

#include "meta/meta_store.h"
#include "model/commit.h"
#include "model/table_state.h"
#include "rhizo/types.h"
#include "txn/repository.h"
#include "txn/transaction.h"

namespace rhizo::db {

std::vector<ColumnInfo> Columns(const model::Schema& schema);
// Column -> merge rule, where it is not "conflict".
Result<std::map<std::string, std::string>> MergeRulesOf(const model::Schema& schema);
// Versions of its tables are looked up; refs that point to it are filled in from `refs`.
Result<CommitInfo> Describe(txn::Repository& repository, const CommitId& id,
                            const model::Commit& commit, const std::vector<meta::Ref>& refs);
BranchInfo DescribeBranch(const meta::Ref& ref);
RefLogInfo Describe(const meta::RefLogEntry& entry);
// One table of a commit (or of an open transaction, before it has one).
WriteResult Describe(const std::string& name, const txn::Change& change);
WriteResult Describe(const txn::CommittedTable& table, const txn::Committed& committed);
CommitResult Describe(const txn::Committed& committed);

}  // namespace rhizo::db
