#include "txn/side_history.h"

#include <algorithm>
#include <optional>

#include "txn/shared_changes.h"

namespace rhizo::txn {
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

// What one side replaced, as long as nobody settled it.
class Replacements {
 public:
  explicit Replacements(Repository& repository) : repository_(repository) {}

  // Commits by falling generation. `brought`: by what it picked, if that is a merge.
  Status Add(const Head& commit, const SideHistory& brought, SideHistory* history) {
    for (const auto& table : commit.commit->tables) {
      if (table.replacement) {
        ASSIGN_OR_RETURN(bool done, IsSettled(table.table, commit));
        auto [begin, end] = brought.replaced.equal_range(table.table);
        if (!done) history->replaced.insert(begin, end);
        if (!done && begin == end) {
          history->replaced.emplace(table.table, OriginsOf(commit).front());
        }
      }
      if (table.replacement_settled) settled_.emplace(table.table, commit.id);
    }
    return {};
  }

 private:
  Result<bool> IsSettled(const TableId& table, const Head& by) const {
    auto [begin, end] = settled_.equal_range(table);
    for (auto merge = begin; merge != end; ++merge) {
      ASSIGN_OR_RETURN(
          bool below, repository_.ancestry().Contains(merge->second, by.id, by.commit->generation));
      if (below) return true;
    }
    return false;
  }

  Repository& repository_;
  std::multimap<TableId, CommitId> settled_;  // by which merges of users
};

// Whether `side` has in its history that `origin` replaced the table, and nobody did since.
Result<bool> IsStillReplaced(Repository& repository, const CommitId& side, const TableId& table,
                             const CommitId& origin) {
  ASSIGN_OR_RETURN(auto commit, repository.ReadCommit(origin));
  ASSIGN_OR_RETURN(bool has, repository.ancestry().Contains(side, origin, commit->generation));
  if (!has) return false;
  ASSIGN_OR_RETURN(auto since, HistoryOf(repository, side, origin));
  return !since.replaced.contains(table);
}

}  // namespace

Result<SideHistory> BroughtBy(Repository& repository, const Head& pick) {
  auto origin = OriginsOf(pick).front();
  if (origin.parent == 0 || origin.commit == pick.id) return SideHistory();
  ASSIGN_OR_RETURN(auto merge, repository.ReadCommit(origin.commit));
  if (origin.parent > merge->parents.size()) return SideHistory();
  ASSIGN_OR_RETURN(auto brought,
                   HistoryOf(repository, origin.commit, merge->parents[origin.parent - 1]));
  std::erase_if(brought.changes, [](const auto& change) {
    return change.first.parent > 0 && change.first.commit == change.second;
  });
  return brought;
}

Result<SideHistory> HistoryOf(Repository& repository, const CommitId& side, const CommitId& other) {
  SideHistory history;
  Replacements replacements(repository);
  SideWalk walk(repository, other);
  RETURN_IF_ERROR(walk.Enter(side));
  while (true) {
    ASSIGN_OR_RETURN(auto next, walk.Next());
    if (!next) return history;
    ASSIGN_OR_RETURN(auto brought, BroughtBy(repository, *next));
    RETURN_IF_ERROR(replacements.Add(*next, brought, &history));
    for (const auto& origin : OriginsOf(*next)) history.changes.emplace(origin, next->id);
    for (const auto& [origin, as] : brought.changes) history.changes.emplace(origin, next->id);
  }
}

Result<std::set<TableId>> ReplacedBeyond(Repository& repository, const SideHistory& history,
                                         const CommitId& side, const CommitId& other) {
  std::set<TableId> tables;
  if (history.replaced.empty()) return tables;
  ASSIGN_OR_RETURN(auto known, HistoryOf(repository, other, side));
  for (const auto& [table, origin] : history.replaced) {
    auto [begin, end] = known.replaced.equal_range(table);
    bool same_last = begin == end || begin->second == history.replaced.lower_bound(table)->second;
    bool alike = same_last && std::all_of(begin, end, [&](const auto& replaced) {
                   return history.changes.contains(replaced.second);
                 });
    bool has = alike && known.changes.contains(origin);
    if (alike && !has) {
      ASSIGN_OR_RETURN(has, IsStillReplaced(repository, other, table, origin.commit));
    }
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
    if (shared.empty()) continue;
    replaced.shared.merge(shared);
    for (const auto& [origin, as] : here.changes) replaced.our_commits.insert(as);
    for (const auto& [origin, as] : there.changes) replaced.their_commits.insert(as);
  }
  return replaced;
}

}  // namespace rhizo::txn
