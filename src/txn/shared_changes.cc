#include "txn/shared_changes.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "table/row_diff.h"
#include "txn/staged_state.h"

namespace rhizo::txn {
namespace {

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

// A table before and after a commit, in types that hold the values of both; nothing if it is not
// there after.
struct Change {
  std::shared_ptr<const table::OpenTable> before;
  std::shared_ptr<const table::OpenTable> after;
};

Result<std::optional<Change>> ChangeOf(Repository& repository, const merge::MergeMeans& means,
                                       const Seen& seen, const TableId& id) {
  ASSIGN_OR_RETURN(auto parent, repository.ReadCommit(seen.parent));
  ASSIGN_OR_RETURN(auto tables, DifferingTables(means.context.read.small, parent->state_root,
                                                seen.commit->state_root));
  for (const auto& table : tables) {
    if (table.id != id || !table.name) continue;
    Change change;
    ASSIGN_OR_RETURN(change.after, repository.tables()->Open(table.state_id));
    if (table.before) {
      ASSIGN_OR_RETURN(change.before, repository.tables()->Open(table.before->entry.state));
      ASSIGN_OR_RETURN(change.after, table::InTypesOfBoth(*change.before, change.after));
    } else {
      ASSIGN_OR_RETURN(change.before, table::WithoutRows(*change.after));
    }
    return std::optional(std::move(change));
  }
  return std::optional<Change>();
}

// What was done to rows of a table.
struct RowsChanged {
  std::set<FieldId> fields;   // of which cells were changed
  table::KeyHashes inserted;  // keys of rows that came
  table::KeyHashes deleted;   // and went
};

// What a commit did to rows of a table. `among`: only to rows of these keys; null: to any.
Result<RowsChanged> FindChanged(Repository& repository, const merge::MergeMeans& means,
                                const Seen& seen, const TableId& id, const table::KeyForm& key,
                                const table::KeyHashes* among) {
  RowsChanged found;
  ASSIGN_OR_RETURN(auto tables, ChangeOf(repository, means, seen, id));
  if (!tables) return found;
  const auto& fields = tables->after->schema().fields;
  ASSIGN_OR_RETURN(auto diff, table::RowDiff::Open(means.client, tables->before, tables->after));
  while (!key.empty() || found.fields.size() < fields.size()) {
    ASSIGN_OR_RETURN(auto region, diff.Next());
    if (!region) break;
    for (const auto& change : region->changes) {
      bool is_delete = change.kind == table::RowChangeKind::kDelete;
      if (is_delete && key.empty()) continue;
      if (is_delete) {
        ASSIGN_OR_RETURN(auto hash, table::KeyHash(key, tables->after->schema(), *region->before,
                                                   change.before));
        found.deleted.insert(hash);
        continue;
      }
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

// Keys of rows of a table that commits of a side deleted, not before it had a change.
class DeletedSince {
 public:
  DeletedSince(Repository& repository, const merge::MergeMeans& means, const TableId& table,
               const table::KeyForm& key)
      : repository_(repository), means_(means), table_(table), key_(key) {}

  Result<table::KeyHashes> Find(const std::set<CommitId>& commits, const CommitId& had_as) const {
    table::KeyHashes deleted;
    for (const auto& id : commits) {
      ASSIGN_OR_RETURN(auto commit, repository_.ReadCommit(id));
      bool may_have = commit->parents.size() == 1 &&
                      std::ranges::count(commit->tables, table_, &model::TableSummary::table) > 0;
      if (!may_have) continue;
      ASSIGN_OR_RETURN(bool before,
                       repository_.ancestry().Contains(had_as, id, commit->generation));
      if (before) continue;
      ASSIGN_OR_RETURN(auto changed,
                       FindChanged(repository_, means_, {commit, commit->parents.front()}, table_,
                                   key_, nullptr));
      deleted.merge(changed.deleted);
    }
    return deleted;
  }

 private:
  Repository& repository_;
  const merge::MergeMeans& means_;
  const TableId& table_;
  const table::KeyForm& key_;
};

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

Result<SharedRows> SharedRowsOf(Repository& repository, const merge::MergeMeans& means,
                                const SharedChange& change, const Replaced& sides,
                                const TableId& table, const table::KeyForm& key) {
  SharedRows shared;
  ASSIGN_OR_RETURN(auto here, See(repository, change.ours, change.parent));
  ASSIGN_OR_RETURN(auto there, See(repository, change.theirs, change.parent));
  if (!here || !there) return shared;
  ASSIGN_OR_RETURN(auto ours, FindChanged(repository, means, *here, table, key, nullptr));
  ASSIGN_OR_RETURN(auto theirs, FindChanged(repository, means, *there, table, key, nullptr));
  std::ranges::set_intersection(ours.fields, theirs.fields,
                                std::inserter(shared.fields, shared.fields.end()));
  // A row that one inserted may have been there for the other, and have counted.
  auto meet = [&](const Seen& seen, const RowsChanged& changed,
                  const table::KeyHashes& inserted) -> Status {
    for (uint64_t hash : inserted) {
      (changed.inserted.contains(hash) ? shared.rows.on_both : shared.rows.on_one).insert(hash);
    }
    bool is_known = std::ranges::includes(shared.fields, changed.fields);
    if (is_known || inserted.empty()) return {};
    ASSIGN_OR_RETURN(auto met, FindChanged(repository, means, seen, table, key, &inserted));
    shared.fields.insert(met.fields.begin(), met.fields.end());
    return {};
  };
  RETURN_IF_ERROR(meet(*here, ours, theirs.inserted));
  RETURN_IF_ERROR(meet(*there, theirs, ours.inserted));
  if (shared.rows.on_both.empty()) return shared;
  // What went on both sides and came again started anew on both.
  DeletedSince deleted(repository, means, table, key);
  ASSIGN_OR_RETURN(auto went, deleted.Find(sides.our_commits, change.ours));
  if (went.empty()) return shared;
  ASSIGN_OR_RETURN(auto went_there, deleted.Find(sides.their_commits, change.theirs));
  std::erase_if(shared.rows.on_both,
                [&](uint64_t hash) { return went.contains(hash) && went_there.contains(hash); });
  return shared;
}

}  // namespace rhizo::txn
