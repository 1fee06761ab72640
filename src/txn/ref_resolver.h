// What users write for a point of history, and which commit it means. Forms, in this order: a
// branch or tag name; a commit id or its prefix from 7 hex digits; each may be followed by ~n: n
// steps back along the ref's own log (along first parents for a commit id). Times are looked up in
// the branch's log: what was visible here then.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "txn/repository.h"
#include "txn/table_change.h"

namespace rhizo::txn {

// kBranchNotFound naming the nearest name, kVersionNotFound for too many steps. `then`: a branch
// that is seen as it was then, whatever became of it since; null: none is.
Result<CommitId> ResolveRef(Repository& repository, std::string_view text,
                            const meta::Ref* then = nullptr);
// What `branch` showed at `time`; kVersionNotFound if it did not exist yet.
Result<CommitId> ResolveTime(Repository& repository, const std::string& branch, Timestamp time,
                             const meta::Ref* then = nullptr);
// "2026-01-31", "2026-01-31T12:00:00", "2026-01-31 12:00:00.5Z", "...+01:00"; naive ones are UTC.
// Nothing if it is none.
std::optional<Timestamp> ParseTime(std::string_view text);

// Version `number` of the table, which must be in the history of `head`. kVersionNotFound.
Result<meta::TableVersion> FindVersion(Repository& repository, const TableId& table,
                                       const std::string& table_name, uint64_t number,
                                       const CommitId& head);
// Versions of the table in the history of `head`, newest first.
Result<std::vector<meta::TableVersion>> ListVersions(Repository& repository, const TableId& table,
                                                     const CommitId& head);
// The number of the table state that `head` shows; 0 if none was recorded.
Result<uint64_t> VersionOfState(Repository& repository, const TableId& table, const ObjectId& state,
                                const CommitId& head);

// A kBranchNotFound that suggests the nearest of all refs.
Error UnknownRef(Repository& repository, std::string_view name);

}  // namespace rhizo::txn
