#include "txn/staged_state.h"

#include <map>
#include <unordered_map>

#include "tree/apply.h"
#include "tree/diff.h"
#include "txn/database_merge.h"
#include "txn/reachable.h"

namespace rhizo::txn {

table::ReadContext StagedContext(Repository& repository, object::Staging* staging) {
  return {staging, &repository.large(), &repository.columns()};
}

Result<ObjectId> ApplyTables(object::Staging* staging, const ObjectId& root,
                             const std::vector<PlacedTable>& tables) {
  std::map<std::string, tree::Edit> edits;
  for (const auto& table : tables) {
    if (!table.before) continue;
    auto key = model::Encode(model::StateKey::OfTable(table.before->name));
    edits[key] = {key, std::nullopt, 0};
  }
  for (const auto& table : tables) {
    if (!table.name) continue;
    auto key = model::Encode(model::StateKey::OfTable(*table.name));
    edits[key] = {key, model::Encode(model::StateEntry{table.id, table.state_id}), 1};
  }
  std::vector<tree::Edit> sorted;
  for (auto& [key, edit] : edits) sorted.push_back(std::move(edit));
  if (sorted.empty()) return root;
  ASSIGN_OR_RETURN(auto applied, tree::Apply(staging, root, sorted));
  return applied.count == 0 ? ObjectId() : applied.id;
}

Result<std::vector<PlacedTable>> DifferingTables(object::ObjectReader* reader,
                                                 const ObjectId& before, const ObjectId& after) {
  std::map<TableId, PlacedTable> tables;
  auto visit = [&](const tree::DiffEntry& entry) -> Status {
    ASSIGN_OR_RETURN(auto key, model::DecodeStateKey(entry.key));
    if (key.kind != model::StateKind::kTable) return {};
    if (entry.before) {
      ASSIGN_OR_RETURN(auto state, model::DecodeStateEntry(*entry.before));
      tables[state.table].before = NamedTable{key.qualified_name(), state};
    }
    if (entry.after) {
      ASSIGN_OR_RETURN(auto state, model::DecodeStateEntry(*entry.after));
      tables[state.table].name = key.qualified_name();
      tables[state.table].state_id = state.state;
    }
    return {};
  };
  RETURN_IF_ERROR(tree::Diff(tree::Tree(reader, before), tree::Tree(reader, after), visit));
  std::vector<PlacedTable> out;
  for (auto& [id, table] : tables) {
    out.push_back(PlacedByMerge(id, table.before, table.name, table.state_id));
  }
  return out;
}

Result<StagedObjects> CollectStaged(Repository& repository, object::Staging* staging,
                                    const ObjectId& state_root, const ObjectId& commit) {
  StagedObjects objects;
  std::unordered_map<ObjectId, bool> seen;
  auto visit = [&](const ObjectId& id, bool is_large) -> Result<bool> {
    if (is_large || !seen.emplace(id, true).second) return false;
    auto staged = staging->Find(id);
    if (!staged) return false;
    objects.emplace_back(id, std::move(staged));
    return true;
  };
  RETURN_IF_ERROR(ForEachObjectOfState(StagedContext(repository, staging), state_root, visit));
  RETURN_IF_ERROR(visit(commit, false));
  return objects;
}

Status StoreLarge(Repository& repository, StagedObjects* objects) {
  auto is_large = [](const auto& object) {
    return object.second->size() > object::kSmallObjectBytes;
  };
  for (const auto& object : *objects) {
    if (is_large(object)) RETURN_IF_ERROR(repository.large().Put(object.first, *object.second));
  }
  std::erase_if(*objects, is_large);
  return repository.large().SyncNames();
}

}  // namespace rhizo::txn
