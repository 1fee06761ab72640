#include "txn/side_history.h"

#include <algorithm>
#include <map>

#include "base/coding.h"
#include "table/row_diff.h"
#include "txn/staged_state.h"

namespace rhizo::txn {
namespace {

constexpr char kPickedFrom[] = "picked-from";

constexpr char kPickedParent[] = "picked-parent";

// A table before and after a commit, whose parent is its first; nothing if it is not there after.
struct Change {
  std::shared_ptr<const table::OpenTable> before;
  std::shared_ptr<const table::OpenTable> after;
};

Result<std::optional<Change>> ChangeOf(Repository& repository, const merge::MergeMeans& means,
                                       const model::Commit& commit, const TableId& id) {
  if (commit.parents.empty()) return std::optional<Change>();
  ASSIGN_OR_RETURN(auto parent, repository.ReadCommit(commit.parents.front()));
  ASSIGN_OR_RETURN(auto tables, DifferingTables(means.context.read.small, parent->state_root,
                                                commit.state_root));
  for (const auto& table : tables) {
    if (table.id != id || !table.name) continue;
    Change change;
    ASSIGN_OR_RETURN(change.after, repository.tables()->Open(table.state_id));
    if (table.before) {
      ASSIGN_OR_RETURN(change.before, repository.tables()->Open(table.before->entry.state));
    } else {
      ASSIGN_OR_RETURN(change.before, table::WithoutRows(*change.after));
    }
    return std::optional(std::move(change));
  }
  return std::optional<Change>();
}

// What a commit did to rows of a table. `among`: only to rows of these keys; null: to any.
Result<RowsChanged> FindChanged(Repository& repository, const merge::MergeMeans& means,
                                const model::Commit& commit, const TableId& id,
                                const table::KeyForm& key, const table::KeyHashes* among) {
  RowsChanged found;
  ASSIGN_OR_RETURN(auto tables, ChangeOf(repository, means, commit, id));
  if (!tables) return found;
  const auto& fields = tables->after->schema().fields;
  ASSIGN_OR_RETURN(auto diff, table::RowDiff::Open(means.client, tables->before, tables->after));
  while (!key.fields.empty() || found.fields.size() < fields.size()) {
    ASSIGN_OR_RETURN(auto region, diff.Next());
    if (!region) break;
    for (const auto& change : region->changes) {
      if (change.kind == table::RowChangeKind::kDelete) continue;
      bool is_insert = change.kind == table::RowChangeKind::kInsert;
      if (!key.fields.empty() && (is_insert || among != nullptr)) {
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

// Changes that both sides have, under different commits: a pick and its origin, or two picks.
Result<std::multimap<TableId, SharedChange>> SharedChanges(Repository& repository,
                                                           const SideHistory& ours,
                                                           const SideHistory& theirs) {
  std::multimap<TableId, SharedChange> shared;
  for (const auto& [origin, ours_as] : ours.changes) {
    auto [begin, end] = theirs.changes.equal_range(origin);
    for (auto found = begin; found != end; ++found) {
      std::set<TableId> tables;
      for (const auto& id : {ours_as, found->second}) {
        ASSIGN_OR_RETURN(auto commit, repository.ReadCommit(id));
        for (const auto& table : commit->tables) tables.insert(table.table);
      }
      for (const auto& table : tables) shared.emplace(table, SharedChange{ours_as, found->second});
    }
  }
  return shared;
}

// Of a pick of a merge: against which of its parents.
std::optional<size_t> PickedParent(const model::Commit& commit) {
  auto found = commit.extensions.find(kPickedParent);
  if (found == commit.extensions.end()) return std::nullopt;
  Decoder decoder(found->second.value);
  return decoder.Varint();
}

}  // namespace

Result<RowsChanged> ChangedByBoth(Repository& repository, const merge::MergeMeans& means,
                                  const SharedChange& change, const TableId& table,
                                  const table::KeyForm& key) {
  struct Side {
    std::shared_ptr<const model::Commit> commit;
    RowsChanged changed;
  };
  std::vector<Side> sides;
  for (const auto& id : {change.ours, change.theirs}) {
    ASSIGN_OR_RETURN(auto commit, repository.ReadCommit(id));
    // What a merge changed depends on the parent it is seen from: the pick of it knows.
    if (commit->parents.size() > 1) continue;
    ASSIGN_OR_RETURN(auto changed, FindChanged(repository, means, *commit, table, key, nullptr));
    sides.push_back({std::move(commit), std::move(changed)});
  }
  RowsChanged both;
  if (sides.empty()) return both;
  for (auto [one, other] :
       {std::pair(&sides.front(), &sides.back()), std::pair(&sides.back(), &sides.front())}) {
    both.inserted.insert(one->changed.inserted.begin(), one->changed.inserted.end());
    for (FieldId field : one->changed.fields) {
      if (other->changed.fields.contains(field)) both.fields.insert(field);
    }
    // A row that one inserted may have been there for the other, and have counted.
    bool is_known = std::ranges::includes(both.fields, one->changed.fields);
    if (is_known || other->changed.inserted.empty()) continue;
    ASSIGN_OR_RETURN(auto met, FindChanged(repository, means, *one->commit, table, key,
                                           &other->changed.inserted));
    both.fields.insert(met.fields.begin(), met.fields.end());
  }
  return both;
}

std::optional<CommitId> PickedFrom(const model::Commit& commit) {
  auto found = commit.extensions.find(kPickedFrom);
  if (found == commit.extensions.end() || found->second.value.size() != CommitId().view().size())
    return std::nullopt;
  return CommitId::FromBytes(found->second.value);
}

CommitId OriginOf(const Head& commit) { return PickedFrom(*commit.commit).value_or(commit.id); }

void SetPickedFrom(model::Commit* pick, const Head& picked, const std::optional<uint32_t>& parent) {
  if (PickedFrom(*picked.commit)) {
    for (const char* name : {kPickedFrom, kPickedParent}) {
      auto found = picked.commit->extensions.find(name);
      if (found != picked.commit->extensions.end()) pick->extensions.insert(*found);
    }
    return;
  }
  pick->extensions[kPickedFrom] = {false, std::string(picked.id.view())};
  if (picked.commit->parents.size() < 2 || !parent) return;
  Encoder encoder;
  encoder.Varint(*parent);
  pick->extensions[kPickedParent] = {false, std::move(encoder).Take()};
}

namespace {

// The commits of one side alone, by falling generation: a merge comes before what it merged.
class SideWalk {
 public:
  // What is in the history of `other` is not entered, nor anything below it.
  SideWalk(Repository& repository, const CommitId& other)
      : repository_(repository), other_(other) {}

  Status Enter(const CommitId& id) {
    ASSIGN_OR_RETURN(auto commit, repository_.ReadCommit(id));
    ASSIGN_OR_RETURN(bool shared, repository_.ancestry().Contains(other_, id, commit->generation));
    if (!shared) open_.emplace(std::pair(commit->generation, id), commit);
    return {};
  }

  // Nothing at the end.
  Result<std::optional<Head>> Next() {
    if (open_.empty()) return std::optional<Head>();
    auto next = open_.extract(std::prev(open_.end()));
    for (const auto& parent : next.mapped()->parents) RETURN_IF_ERROR(Enter(parent));
    return std::optional(Head{next.key().second, next.mapped()});
  }

 private:
  Repository& repository_;
  const CommitId other_;
  std::map<std::pair<uint64_t, CommitId>, std::shared_ptr<const model::Commit>> open_;
};

// A pick of a merge has all that the merge brought to its parent.
Status AddPickedMerge(Repository& repository, const Head& pick, SideHistory* history) {
  auto number = PickedParent(*pick.commit);
  if (!number) return {};
  auto merge_id = *PickedFrom(*pick.commit);
  ASSIGN_OR_RETURN(auto merged, repository.ReadCommit(merge_id));
  if (*number < 1 || *number > merged->parents.size()) return {};
  ASSIGN_OR_RETURN(auto brought, HistoryOf(repository, merge_id, merged->parents[*number - 1]));
  for (const auto& [origin, as] : brought.changes) history->changes.emplace(origin, pick.id);
  return {};
}

}  // namespace

Result<SideHistory> HistoryOf(Repository& repository, const CommitId& side, const CommitId& other) {
  SideHistory history;
  // Merges of users that settled replacements, by table.
  std::multimap<TableId, CommitId> settled;
  auto is_settled = [&](const TableId& table, const Head& by) -> Result<bool> {
    auto [begin, end] = settled.equal_range(table);
    for (auto merge = begin; merge != end; ++merge) {
      ASSIGN_OR_RETURN(bool below,
                       repository.ancestry().Contains(merge->second, by.id, by.commit->generation));
      if (below) return true;
    }
    return false;
  };
  SideWalk walk(repository, other);
  RETURN_IF_ERROR(walk.Enter(side));
  while (true) {
    ASSIGN_OR_RETURN(auto next, walk.Next());
    if (!next) return history;
    for (const auto& table : next->commit->tables) {
      if (table.replacement) {
        ASSIGN_OR_RETURN(bool done, is_settled(table.table, *next));
        if (!done) history.replaced.emplace(table.table, OriginOf(*next));
      }
      if (table.replacement_settled) settled.emplace(table.table, next->id);
    }
    history.changes.emplace(OriginOf(*next), next->id);
    RETURN_IF_ERROR(AddPickedMerge(repository, *next, &history));
  }
}

Result<std::set<TableId>> ReplacedBeyond(Repository& repository, const CommitId& side,
                                         const CommitId& other) {
  std::set<TableId> tables;
  ASSIGN_OR_RETURN(auto history, HistoryOf(repository, side, other));
  if (history.replaced.empty()) return tables;
  ASSIGN_OR_RETURN(auto known, HistoryOf(repository, other, side));
  // Who replaced the table in another way, too, has not what was picked any more.
  std::set<TableId> otherwise;
  for (const auto& [table, origin] : known.replaced) {
    if (!history.changes.contains(origin)) otherwise.insert(table);
  }
  for (const auto& [table, origin] : history.replaced) {
    if (known.changes.contains(origin) && !otherwise.contains(table)) continue;
    // Also below what both have.
    ASSIGN_OR_RETURN(auto commit, repository.ReadCommit(origin));
    ASSIGN_OR_RETURN(bool has, repository.ancestry().Contains(other, origin, commit->generation));
    if (!has) tables.insert(table);
  }
  return tables;
}

Result<Replaced> FindReplaced(Repository& repository, const std::vector<CommitId>& ours,
                              const CommitId& theirs) {
  Replaced replaced;
  for (const auto& id : ours) {
    ASSIGN_OR_RETURN(auto here, HistoryOf(repository, id, theirs));
    ASSIGN_OR_RETURN(auto there, HistoryOf(repository, theirs, id));
    ASSIGN_OR_RETURN(auto shared, SharedChanges(repository, here, there));
    for (const auto& [table, origin] : here.replaced) replaced.by_ours.insert(table);
    for (const auto& [table, origin] : there.replaced) replaced.by_theirs.insert(table);
    replaced.shared.merge(shared);
  }
  return replaced;
}

}  // namespace rhizo::txn
