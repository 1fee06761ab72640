// Merges that are the same wherever they are made: nobody's, at no time of their own
// (docs/merge.md, section 5). Pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "model/commit.h"

namespace rhizo::txn {

inline constexpr uint32_t kMergeLaw = 1;

// The transaction id of the merge of these commits, in order: of what users did (a fold), or of two
// heads.
TxnId PureMergeTxn(bool is_fold, const std::vector<CommitId>& parents);
bool IsPureMerge(const model::Commit& commit);

}  // namespace rhizo::txn
