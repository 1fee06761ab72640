#include "txn/deleted_keys.h"

#include <algorithm>

#include "table/row_diff.h"
#include "txn/commit_change.h"

namespace rhizo::txn {
namespace {

// The key's columns alone, rows by their ids. Such columns are never patched: where only other
// cells changed, a diff reads no row.
Result<std::shared_ptr<const table::OpenTable>> OfKeyAlone(const table::OpenTable& table,
                                                           const table::KeyForm& key) {
  auto state = std::make_shared<model::TableState>(table.state());
  std::erase_if(state->schema.fields, [&](const model::Field& field) {
    return std::ranges::count(key, field.id, &table::KeyPart::field) == 0;
  });
  state->key.clear();
  return table::OpenTable::Open(table.context(), ObjectId(), std::move(state));
}

// A row whose key was changed is one that was updated.
bool MayDelete(const model::Commit& commit, const TableId& table) {
  return commit.parents.size() == 1 && std::ranges::any_of(commit.tables, [&](const auto& summary) {
           return summary.table == table && summary.rows_removed + summary.rows_updated > 0;
         });
}

}  // namespace

Result<bool> DeletedKeys::HasSince(const CommitId& had, uint64_t key) {
  RETURN_IF_ERROR(Load());
  auto [begin, end] = deleted_->equal_range(key);
  for (auto found = begin; found != end; ++found) {
    const auto& by = *found->second;
    ASSIGN_OR_RETURN(bool before,
                     repository_.ancestry().Contains(had, by.id, by.commit->generation));
    if (!before) return true;
  }
  return false;
}

Status DeletedKeys::Load() {
  if (deleted_) return {};
  std::unordered_multimap<uint64_t, std::shared_ptr<const Head>> deleted;
  for (const auto& id : commits_) {
    ASSIGN_OR_RETURN(auto commit, repository_.ReadCommit(id));
    if (!MayDelete(*commit, table_)) continue;
    ASSIGN_OR_RETURN(auto keys, DeletedBy(*commit));
    auto by = std::make_shared<const Head>(Head{id, commit});
    for (uint64_t key : keys) deleted.emplace(key, by);
  }
  deleted_ = std::move(deleted);
  return {};
}

Result<table::KeyHashes> DeletedKeys::DeletedBy(const model::Commit& commit) const {
  table::KeyHashes deleted;
  table::KeyHashes inserted;
  ASSIGN_OR_RETURN(auto change,
                   ChangeOf(repository_, means_, commit, commit.parents.front(), table_));
  if (!change) return deleted;
  ASSIGN_OR_RETURN(auto before, OfKeyAlone(*change->before, key_));
  ASSIGN_OR_RETURN(auto after, OfKeyAlone(*change->after, key_));
  if (after->schema().fields.empty()) return deleted;
  ASSIGN_OR_RETURN(auto diff, table::RowDiff::Open(means_.client, before, after));
  auto add = [&](table::RowBatch& rows, uint64_t row, table::KeyHashes* to) -> Status {
    ASSIGN_OR_RETURN(auto hash, table::KeyHash(key_, after->schema(), rows, row));
    to->insert(hash);
    return {};
  };
  while (true) {
    ASSIGN_OR_RETURN(auto region, diff.Next());
    if (!region) break;
    for (const auto& row : region->changes) {
      bool came = row.kind != table::RowChangeKind::kDelete;
      bool went = row.kind != table::RowChangeKind::kInsert;
      if (came) RETURN_IF_ERROR(add(*region->after, row.after, &inserted));
      if (went) RETURN_IF_ERROR(add(*region->before, row.before, &deleted));
    }
  }
  // What was sorted went and came.
  std::erase_if(deleted, [&](uint64_t hash) { return inserted.contains(hash); });
  return deleted;
}

}  // namespace rhizo::txn
