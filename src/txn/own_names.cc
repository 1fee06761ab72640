#include "txn/own_names.h"

#include <algorithm>

#include "base/name.h"

namespace rhizo::txn {

void OwnNames::Add(const model::QualifiedName& name, const TableId& table) {
  std::lock_guard lock(mutex_);
  if (tables_.insert_or_assign(name, table).second) {
    folded_.emplace(FoldName(name.ToString()), name);
  }
}

void OwnNames::Remove(const model::QualifiedName& name) {
  std::lock_guard lock(mutex_);
  if (tables_.erase(name) == 0) return;
  auto [begin, end] = folded_.equal_range(FoldName(name.ToString()));
  folded_.erase(std::find_if(begin, end, [&](const auto& twin) { return twin.second == name; }));
}

std::optional<TableId> OwnNames::Find(const model::QualifiedName& name) const {
  std::lock_guard lock(mutex_);
  auto found = tables_.find(name);
  return found == tables_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<model::QualifiedName> OwnNames::FindTwins(const model::QualifiedName& name) const {
  std::lock_guard lock(mutex_);
  std::vector<model::QualifiedName> twins;
  auto [begin, end] = folded_.equal_range(FoldName(name.ToString()));
  for (auto twin = begin; twin != end; ++twin) twins.push_back(twin->second);
  return twins;
}

}  // namespace rhizo::txn
