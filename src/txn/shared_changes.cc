#include "txn/shared_changes.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "table/row_diff.h"
#include "txn/commit_change.h"

namespace rhizo::txn {
namespace {

using merge::RowStart;

// A commit, and the parent it is seen from.
struct Seen {
  std::shared_ptr<const model::Commit> commit;
  CommitId parent;
};

// `parent`: of a merge, which of its parents. Nothing: it has not that one.
Result<std::optional<Seen>> See(Repository& repository, const CommitId& id, uint64_t parent) {
  ASSIGN_OR_RETURN(auto commit, repository.ReadCommit(id));
  size_t number = commit->parents.size() > 1 ? parent : 1;
  if (number < 1 || number > commit->parents.size()) return std::optional<Seen>();
  auto from = commit->parents[number - 1];
  return std::optional(Seen{std::move(commit), from});
}

// What was done to rows of a table.
struct RowsChanged {
  std::set<FieldId> fields;   // of which cells were changed
  table::KeyHashes inserted;  // keys of rows that came
};

// What a commit did to rows of a table. `among`: only to rows of these keys; null: to any.
Result<RowsChanged> FindChanged(Repository& repository, const merge::MergeMeans& means,
                                const Seen& seen, const TableId& id, const table::KeyForm& key,
                                const table::KeyHashes* among) {
  RowsChanged found;
  ASSIGN_OR_RETURN(auto tables, ChangeOf(repository, means, *seen.commit, seen.parent, id));
  if (!tables) return found;
  const auto& fields = tables->after->schema().fields;
  ASSIGN_OR_RETURN(auto diff, table::RowDiff::Open(means.client, tables->before, tables->after));
  while (!key.empty() || found.fields.size() < fields.size()) {
    ASSIGN_OR_RETURN(auto region, diff.Next());
    if (!region) break;
    for (const auto& change : region->changes) {
      if (change.kind == table::RowChangeKind::kDelete) continue;
      bool is_insert = change.kind == table::RowChangeKind::kInsert;
      if (!key.empty() && (is_insert || among != nullptr)) {
        ASSIGN_OR_RETURN(
            auto hash, table::KeyHash(key, tables->after->schema(), *region->after, change.after));
        if (is_insert) found.inserted.insert(hash);
        if (among != nullptr && !among->contains(hash)) continue;
      }
      for (uint32_t field : change.changed) found.fields.insert(fields[field].id);
    }
  }
  return found;
}

}  // namespace

Result<std::multimap<TableId, SharedChange>> SharedChanges(Repository& repository,
                                                           const SideHistory& ours,
                                                           const SideHistory& theirs) {
  std::multimap<TableId, SharedChange> shared;
  for (const auto& [origin, ours_as] : ours.changes) {
    auto [begin, end] = theirs.changes.equal_range(origin);
    for (auto found = begin; found != end; ++found) {
      SharedChange change{ours_as, found->second, origin.parent};
      std::set<TableId> tables;
      for (const auto& id : {change.ours, change.theirs}) {
        ASSIGN_OR_RETURN(auto commit, repository.ReadCommit(id));
        for (const auto& table : commit->tables) tables.insert(table.table);
      }
      for (const auto& table : tables) shared.emplace(table, change);
    }
  }
  return shared;
}

SharedRowsFinder::SharedRowsFinder(Repository& repository, const merge::MergeMeans& means,
                                   const Replaced& sides, const TableId& table,
                                   const table::KeyForm& key)
    : repository_(repository),
      means_(means),
      table_(table),
      key_(key),
      deleted_by_ours_(repository, means, sides.our_commits, table, key),
      deleted_by_theirs_(repository, means, sides.their_commits, table, key) {}

Result<SharedRows> SharedRowsFinder::Find(const SharedChange& change) {
  SharedRows shared;
  ASSIGN_OR_RETURN(auto here, See(repository_, change.ours, change.parent));
  ASSIGN_OR_RETURN(auto there, See(repository_, change.theirs, change.parent));
  if (!here || !there) return shared;
  ASSIGN_OR_RETURN(auto ours, FindChanged(repository_, means_, *here, table_, key_, nullptr));
  ASSIGN_OR_RETURN(auto theirs, FindChanged(repository_, means_, *there, table_, key_, nullptr));
  std::ranges::set_intersection(ours.fields, theirs.fields,
                                std::inserter(shared.fields, shared.fields.end()));
  // A row that one inserted may have been there for the other, and have counted.
  auto meet = [&](const Seen& seen, const RowsChanged& changed,
                  const table::KeyHashes& inserted) -> Status {
    for (uint64_t hash : inserted) {
      shared.rows[hash] = changed.inserted.contains(hash) ? RowStart::kPicked : RowStart::kApart;
    }
    bool is_known = std::ranges::includes(shared.fields, changed.fields);
    if (is_known || inserted.empty()) return {};
    ASSIGN_OR_RETURN(auto met, FindChanged(repository_, means_, seen, table_, key_, &inserted));
    shared.fields.insert(met.fields.begin(), met.fields.end());
    return {};
  };
  RETURN_IF_ERROR(meet(*here, ours, theirs.inserted));
  RETURN_IF_ERROR(meet(*there, theirs, ours.inserted));
  RETURN_IF_ERROR(FindMadeAnew(change, &shared.rows));
  return shared;
}

// Rows of keys that both sides deleted since the pick may be others by now.
Status SharedRowsFinder::FindMadeAnew(const SharedChange& change, merge::RowStarts* rows) {
  for (auto& [row, start] : *rows) {
    if (start != RowStart::kPicked) continue;
    ASSIGN_OR_RETURN(bool went, deleted_by_ours_.HasSince(change.ours, row));
    if (!went) continue;
    ASSIGN_OR_RETURN(went, deleted_by_theirs_.HasSince(change.theirs, row));
    if (went) start = RowStart::kUnsure;
  }
  return {};
}

}  // namespace rhizo::txn
