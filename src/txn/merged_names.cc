#include "txn/merged_names.h"

#include "base/name.h"
#include "txn/database_merge.h"

namespace rhizo::txn {
namespace {

std::string Fold(const model::QualifiedName& name) { return FoldName(name.ToString()); }

bool IsAsInOurs(const PlacedTable& placed) {
  if (!placed.before) return !placed.name;
  return placed.name == placed.before->name && placed.state_id == placed.before->entry.state;
}

}  // namespace

Result<std::vector<PlacedTable>> MergedNames::Settle(std::vector<PlacedTable> tables) {
  for (auto& table : tables) {
    open_.insert(table.id);
    placed_.emplace(table.id, std::move(table));
  }
  while (!open_.empty()) RETURN_IF_ERROR(Give(open_.extract(open_.begin()).value()));
  std::vector<PlacedTable> settled;
  for (auto& [id, placed] : placed_) {
    if (!IsAsInOurs(placed)) settled.push_back(std::move(placed));
  }
  return settled;
}

Status MergedNames::Give(const TableId& id) {
  auto found = placed_.find(id);
  if (found == placed_.end() || !found->second.name) return {};
  const PlacedTable given = found->second;
  ASSIGN_OR_RETURN(auto taken, FindTaken(given));
  if (!taken) {
    given_[Fold(*given.name)] = id;
    return {};
  }
  NameClash clash{given, *taken};
  ASSIGN_OR_RETURN(auto right, judge_(clash));
  auto name = right ? names_of_(id, *right) : std::nullopt;
  bool given_is_right = name && Fold(*name) == Fold(*given.name);
  const auto& other = taken->entry.table;
  if (!right || !MayFallBack(given_is_right ? other : id, given_is_right ? id : other, *right)) {
    contradict_(clash);
    placed_.erase(id);  // as in ours: nothing is published of it
    return {};
  }
  FallBack(given_is_right ? PlacedOf(*taken) : given, *right);
  if (given_is_right) given_[Fold(*given.name)] = id;
  return {};
}

PlacedTable MergedNames::PlacedOf(const NamedTable& taken) const {
  auto placed = placed_.find(taken.entry.table);
  if (placed != placed_.end()) return placed->second;
  return PlacedByMerge(taken.entry.table, taken, taken.name, taken.entry.state);
}

bool MergedNames::MayFallBack(const TableId& loser, const TableId& winner,
                              merge::Which right) const {
  bool is_first = !fell_back_.contains(loser) && !fell_back_.contains(winner);
  return is_first || (!fell_back_.contains(loser) && names_of_(loser, right));
}

// By a table whose name was looked at, or by one of ours that keeps its name.
Result<std::optional<NamedTable>> MergedNames::FindTaken(const PlacedTable& given) {
  auto by = given_.find(Fold(*given.name));
  if (by != given_.end() && by->second != given.id) {
    const auto& placed = placed_.at(by->second);
    return std::optional(NamedTable{*placed.name, {placed.id, placed.state_id}});
  }
  ASSIGN_OR_RETURN(auto standing, find_in_ours_(*given.name, given.id));
  if (!standing) return standing;
  auto placed = placed_.find(standing->entry.table);
  if (placed == placed_.end()) return standing;
  bool stays = placed->second.name && Fold(*placed->second.name) == Fold(*given.name);
  if (!stays) return std::optional<NamedTable>();
  return std::optional(NamedTable{*placed->second.name, {placed->first, placed->second.state_id}});
}

// To the name that the right side has for it.
void MergedNames::FallBack(const PlacedTable& loser, merge::Which right) {
  const auto id = loser.id;
  auto name = names_of_(id, right);
  fell_back_.insert(id);
  if (!name && !loser.before) {
    placed_.erase(id);
    return;
  }
  auto& placed = placed_[id];
  placed = PlacedByMerge(id, loser.before, name, name ? loser.state_id : ObjectId());
  if (!name) return;
  placed.state = loser.state;
  open_.insert(id);
}

}  // namespace rhizo::txn
