// Rows that say what becomes of conflicts: each names a row (by "_row_id", or by the key), then
// either "_side" ("ours", "theirs") or the values that its cells get.
#pragma once

#include <string>
#include <vector>

#include "db/merge_conflicts.h"
#include "engine/duckdb_headers.h"
#include "rhizo/arrow_c_data.h"

namespace rhizo::db {

// Takes `rows` over. `key`: columns that identify a row; none: only "_row_id" does.
// kInvalidArgument naming a row that has no conflict, or says nothing of one; kSchema for values
// that do not fit.
Result<merge::Choices> ReadChoices(duckdb::ClientContext& client, const MergeConflicts& conflicts,
                                   const std::vector<std::string>& key, ArrowArrayStream* rows);

}  // namespace rhizo::db
