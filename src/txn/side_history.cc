#include "txn/side_history.h"

#include <algorithm>
#include <map>

#include "table/row_diff.h"
#include "txn/staged_state.h"

namespace rhizo::txn {
namespace {

constexpr char kPickedFrom[] = "picked-from";

bool Counts(const model::Field& field) {
  return field.merge_rule == "add" || field.merge_rule == "multiply";
}

// The columns in which `commit` changed rows of a table that counts; "" if there are none.
Result<std::string> CountedColumns(Repository& repository, const merge::MergeMeans& means,
                                   const model::Commit& commit, const TableId& id) {
  if (commit.parents.empty()) return std::string();
  ASSIGN_OR_RETURN(auto parent, repository.ReadCommit(commit.parents.front()));
  ASSIGN_OR_RETURN(auto tables, DifferingTables(means.context.read.small, parent->state_root,
                                                commit.state_root));
  for (const auto& table : tables) {
    if (table.id != id || !table.before || !table.name) continue;
    ASSIGN_OR_RETURN(auto after, repository.tables()->Open(table.state_id));
    if (std::none_of(after->schema().fields.begin(), after->schema().fields.end(), Counts))
      return std::string();
    ASSIGN_OR_RETURN(auto before, repository.tables()->Open(table.before->entry.state));
    ASSIGN_OR_RETURN(auto diff, table::RowDiff::Open(means.client, before, after));
    while (true) {
      ASSIGN_OR_RETURN(auto region, diff.Next());
      if (!region) return std::string();
      for (const auto& change : region->changes) {
        for (uint32_t field : change.changed) {
          const auto& about = after->schema().fields[field];
          if (Counts(about)) return about.name;
        }
      }
    }
  }
  return std::string();
}

// Changes that both sides have, under different commits: a pick and its origin, or two picks. Their
// tables whose counting columns (rules add, multiply) they changed -> why merging would count
// twice.
Result<std::map<TableId, std::string>> CountedTwice(Repository& repository,
                                                    const merge::MergeMeans& means,
                                                    const SideHistory& ours,
                                                    const SideHistory& theirs) {
  std::map<TableId, std::string> twice;
  for (const auto& [origin, ours_as] : ours.changes) {
    auto found = theirs.changes.find(origin);
    if (found == theirs.changes.end()) continue;
    ASSIGN_OR_RETURN(auto commit, repository.ReadCommit(ours_as));
    for (const auto& table : commit->tables) {
      ASSIGN_OR_RETURN(auto column, CountedColumns(repository, means, *commit, table.table));
      if (column.empty()) continue;
      twice[table.table] = "commit " + ours_as.Short() + " here and " + found->second.Short() +
                           " there are one change that was picked, and column \"" + column +
                           "\" would count it twice";
    }
  }
  return twice;
}

}  // namespace

std::optional<CommitId> PickedFrom(const model::Commit& commit) {
  auto found = commit.extensions.find(kPickedFrom);
  if (found == commit.extensions.end() || found->second.value.size() != CommitId().view().size())
    return std::nullopt;
  return CommitId::FromBytes(found->second.value);
}

void SetPickedFrom(model::Commit* commit, const CommitId& origin) {
  commit->extensions[kPickedFrom] = {false, std::string(origin.view())};
}

Result<SideHistory> HistoryOf(Repository& repository, const CommitId& side, const CommitId& other) {
  SideHistory history;
  std::set<TableId> settled;
  // By falling generation: a merge comes before what it merged. What the other side has is not
  // entered, nor anything below it.
  std::map<std::pair<uint64_t, CommitId>, std::shared_ptr<const model::Commit>> open;
  auto enter = [&](const CommitId& id) -> Status {
    ASSIGN_OR_RETURN(auto commit, repository.ReadCommit(id));
    ASSIGN_OR_RETURN(bool shared, repository.ancestry().Contains(other, id, commit->generation));
    if (!shared) open.emplace(std::pair(commit->generation, id), commit);
    return {};
  };
  RETURN_IF_ERROR(enter(side));
  while (!open.empty()) {
    auto next = open.extract(std::prev(open.end()));
    const auto& id = next.key().second;
    const auto& commit = *next.mapped();
    for (const auto& table : commit.tables) {
      if (table.replacement_settled) settled.insert(table.table);
      if (table.replacement && !settled.contains(table.table)) {
        history.replaced.insert(table.table);
      }
    }
    history.changes.emplace(PickedFrom(commit).value_or(id), id);
    for (const auto& parent : commit.parents) RETURN_IF_ERROR(enter(parent));
  }
  return history;
}

Result<Replaced> FindReplaced(Repository& repository, const merge::MergeMeans& means,
                              const std::vector<CommitId>& ours, const CommitId& theirs) {
  Replaced replaced;
  for (const auto& id : ours) {
    ASSIGN_OR_RETURN(auto here, HistoryOf(repository, id, theirs));
    ASSIGN_OR_RETURN(auto there, HistoryOf(repository, theirs, id));
    ASSIGN_OR_RETURN(auto twice, CountedTwice(repository, means, here, there));
    replaced.by_ours.merge(here.replaced);
    replaced.by_theirs.merge(there.replaced);
    replaced.counted_twice.merge(twice);
  }
  return replaced;
}

}  // namespace rhizo::txn
