#include "txn/table_change.h"

#include <algorithm>

#include "table/each_entry.h"
#include "table/key_search.h"
#include "tree/diff.h"
#include "txn/state_merge.h"

namespace rhizo::txn {
namespace {

Error ConflictOn(const TableChange& change, const std::string& name, std::string_view what,
                 const Head& snapshot, const Head& head) {
  return Error(ErrorCode::kConflict, "commit: table \"" + name + "\" " + std::string(what) +
                                         " since this transaction's snapshot " +
                                         snapshot.id.Short() + " (the branch is at " +
                                         head.id.Short() + "); read it again and retry")
      .With("table", name)
      .With("table_id", change.id.ToString())
      .With("snapshot", snapshot.id.ToString())
      .With("head", head.id.ToString());
}

// The name and entry of the table in the head, wherever it was renamed to.
Result<std::optional<NamedTable>> FindInHead(Repository& repository, const TableChange& change,
                                             const Head& snapshot, const Head& head) {
  auto* reader = repository.small().get();
  ASSIGN_OR_RETURN(auto entry, FindState(reader, head.commit->state_root, change.before->name));
  if (entry && entry->table == change.id)
    return std::optional(NamedTable{change.before->name, *entry});
  std::optional<NamedTable> found;
  auto visit = [&](const tree::DiffEntry& changed) -> Status {
    if (!changed.after) return {};
    ASSIGN_OR_RETURN(auto key, model::DecodeStateKey(changed.key));
    ASSIGN_OR_RETURN(auto state, model::DecodeStateEntry(*changed.after));
    if (key.kind == model::StateKind::kTable && state.table == change.id) {
      found = NamedTable{key.qualified_name(), state};
    }
    return {};
  };
  RETURN_IF_ERROR(tree::Diff(tree::Tree(reader, snapshot.commit->state_root),
                             tree::Tree(reader, head.commit->state_root), visit));
  return found;
}

// Whether every commit from `head` back to `snapshot` only appended to the table.
Result<bool> OnlyAppendedSince(Repository& repository, const TableId& table, const Head& snapshot,
                               const Head& head) {
  Head at = head;
  while (at.id != snapshot.id) {
    for (const auto& summary : at.commit->tables) {
      if (summary.table == table && summary.kind != model::ChangeKind::kAppend) return false;
    }
    if (at.commit->parents.size() != 1 || at.commit->generation <= snapshot.commit->generation)
      return false;
    at.id = at.commit->parents.front();
    ASSIGN_OR_RETURN(at.commit, repository.ReadCommit(at.id));
  }
  return true;
}

// Others may have appended rows with our keys.
Status CheckKeysStayNew(Repository& repository, const table::WriteContext& context,
                        const TableChange& change, const model::TableState& head,
                        const table::KeySet& keys) {
  std::vector<table::OpenEntry> added;
  auto visit = [&](const tree::DiffEntry& entry) -> Status {
    if (!entry.after) return {};
    ASSIGN_OR_RETURN(auto decoded, model::DecodeSegmentEntry(*entry.after));
    ASSIGN_OR_RETURN(auto open, table::OpenEntryOf(context.read, std::move(decoded)));
    added.push_back(std::move(open));
    return {};
  };
  auto* reader = repository.small().get();
  RETURN_IF_ERROR(tree::Diff(tree::Tree(reader, change.old_state->tree_root),
                             tree::Tree(reader, head.tree_root), visit));
  auto state = std::make_shared<const model::TableState>(head);
  ASSIGN_OR_RETURN(auto table, table::OpenTable::Open(context.read, ObjectId(), state));
  ASSIGN_OR_RETURN(auto found, table::FindKeys(context, *table, added, keys));
  if (found.empty()) return {};
  std::string key = keys.Describe(found.front().number);
  return Error(ErrorCode::kConflict,
               "commit: another commit added a row with the same key to "
               "table \"" +
                   change.name->ToString() + "\": " + key)
      .With("table", change.name->ToString())
      .With("key", key);
}

Result<model::TableState> AppendAgain(Repository& repository, const table::WriteContext& context,
                                      const TableChange& change, const ObjectId& head_state) {
  ASSIGN_OR_RETURN(auto bytes, repository.small()->Read(head_state));
  ASSIGN_OR_RETURN(auto state, model::DecodeTableState(*bytes));
  for (const auto& rows : change.appended) {
    if (!rows.keys) continue;
    RETURN_IF_ERROR(CheckKeysStayNew(repository, context, change, state, *rows.keys));
  }
  for (const auto& rows : change.appended) {
    ASSIGN_OR_RETURN(state, table::PlaceAtEnd(context, state, rows));
  }
  return state;
}

model::ChangeKind KindOf(const TableChange& change) {
  if (!change.name) return model::ChangeKind::kDrop;
  if (!change.before) return model::ChangeKind::kCreate;
  if (change.rows_replaced) return model::ChangeKind::kWrite;
  if (change.rows_changed) return model::ChangeKind::kUpdate;
  if (change.schema_changed) return model::ChangeKind::kSchema;
  if (!change.appended.empty()) return model::ChangeKind::kAppend;
  return model::ChangeKind::kRename;
}

model::TableSummary Summarise(const TableChange& change,
                              const std::optional<model::TableState>& before,
                              const PlacedTable& placed) {
  model::TableSummary summary;
  summary.table = change.id;
  summary.name = (change.name ? *change.name : change.before->name).ToString();
  summary.kind = KindOf(change);
  uint64_t old_rows = before ? before->rows : 0;
  if (!change.name) {
    summary.rows_removed = old_rows;
  } else if (!before) {
    summary.rows_added = placed.state.rows;
  } else {
    summary.rows_added = change.rows.inserted;
    summary.rows_removed = change.rows.deleted;
    summary.rows_updated = change.rows.updated;
  }
  uint64_t kept = old_rows - std::min(old_rows, summary.rows_removed);
  summary.replacement =
      before && change.name && change.rows_replaced && kept * 2 < std::max<uint64_t>(old_rows, 1);
  return summary;
}

// What of the head the change replaces, or a conflict.
Result<std::optional<NamedTable>> CheckHead(Repository& repository, const TableChange& change,
                                            const Head& snapshot, const Head& head) {
  if (!change.before) return std::optional<NamedTable>();
  ASSIGN_OR_RETURN(auto found, FindInHead(repository, change, snapshot, head));
  const std::string name = change.before->name.ToString();
  if (!found) return ConflictOn(change, name, "was dropped by another commit", snapshot, head);
  if (found->name != change.before->name && change.name != change.before->name &&
      change.name != found->name) {
    return ConflictOn(change, name, "was renamed by another commit", snapshot, head);
  }
  bool is_merged = change.name && (!change.rows_replaced || change.based);
  if (found->entry != change.before->entry && !is_merged)
    return ConflictOn(change, name, "was changed by another commit", snapshot, head);
  return found;
}

// What both changed, together. kConflict if they changed the same.
Result<model::TableState> MergeWithHead(const table::WriteContext& context,
                                        const merge::BindChecks& bind_checks,
                                        const TableChange& change,
                                        const model::TableState& head_state, const Head& snapshot,
                                        const Head& head) {
  ASSIGN_OR_RETURN(auto placed, PlaceOnState(context, bind_checks, *change.old_state, change.state,
                                             head_state, !change.is_serial));
  if (placed.contradiction.empty()) return std::move(placed.state);
  return ConflictOn(
      change, change.before->name.ToString(),
      "was changed by another commit in the same place (" + placed.contradiction + ")", snapshot,
      head);
}

// The new name must be free in the head, also up to case.
Status CheckNameIsFree(Repository& repository, const TableChange& change,
                       const LeavingTables& leaving, const Head& snapshot, const Head& head) {
  if (!change.name || (change.before && !change.IsRename())) return {};
  auto* reader = repository.small().get();
  ASSIGN_OR_RETURN(auto taken, FindState(reader, head.commit->state_root, *change.name));
  if (taken && taken->table != change.id && !leaving.contains(taken->table)) {
    return ConflictOn(change, change.name->ToString(), "was created by another commit", snapshot,
                      head);
  }
  ASSIGN_OR_RETURN(auto twin,
                   repository.names()->FindTwin(reader, head.commit->state_root, *change.name));
  if (!twin) return {};
  ASSIGN_OR_RETURN(auto twin_entry, FindState(reader, head.commit->state_root, *twin));
  if (!twin_entry || twin_entry->table == change.id || leaving.contains(twin_entry->table))
    return {};
  return ConflictOn(
      change, change.name->ToString(),
      "cannot stand beside \"" + twin->ToString() + "\" (same name up to case), which was created",
      snapshot, head);
}

}  // namespace

Result<std::optional<PlacedTable>> PlaceChange(Repository& repository,
                                               const table::WriteContext& context,
                                               const merge::BindChecks& bind_checks,
                                               const TableChange& change,
                                               const LeavingTables& leaving, const Head& snapshot,
                                               const Head& head) {
  if (!change.ChangesAnything() || (!change.before && !change.name))
    return std::optional<PlacedTable>();
  auto checked = CheckHead(repository, change, snapshot, head);
  PlacedTable placed{change.id, {}, change.name, change.state, {}, {}};
  if (!checked) {
    // A write by itself whose result is what the head already holds is no conflict; one in a
    // transaction may have counted on what was there.
    if (!change.is_statement || !change.rows_replaced || !change.before || change.IsRename() ||
        !change.name)
      return std::move(checked).error();
    ASSIGN_OR_RETURN(auto now, FindInHead(repository, change, snapshot, head));
    if (!now || now->entry.state != context.staging->Add(model::Encode(change.state)))
      return std::move(checked).error();
    return std::optional<PlacedTable>();
  }
  placed.before = *checked;
  bool renamed_there = placed.before && change.before->name != placed.before->name;
  if (renamed_there && change.name == change.before->name) placed.name = placed.before->name;
  RETURN_IF_ERROR(CheckNameIsFree(repository, change, leaving, snapshot, head));
  std::optional<model::TableState> old_state = change.old_state;
  if (placed.before && placed.before->entry != change.before->entry) {
    ASSIGN_OR_RETURN(auto bytes, repository.small()->Read(placed.before->entry.state));
    ASSIGN_OR_RETURN(old_state, model::DecodeTableState(*bytes));
    bool appends = change.OnlyAppends();
    if (appends) {
      ASSIGN_OR_RETURN(appends, OnlyAppendedSince(repository, change.id, snapshot, head));
    }
    if (appends) {
      ASSIGN_OR_RETURN(placed.state,
                       AppendAgain(repository, context, change, placed.before->entry.state));
    } else {
      ASSIGN_OR_RETURN(placed.state,
                       MergeWithHead(context, bind_checks, change, *old_state, snapshot, head));
    }
  }
  if (placed.name) {
    if (!change.appended.empty()) {
      ASSIGN_OR_RETURN(placed.state, table::FoldTail(context, placed.state));
    }
    placed.state_id = context.staging->Add(model::Encode(placed.state));
    bool same_name = placed.before && placed.before->name == *placed.name;
    if (same_name && placed.before->entry.state == placed.state_id)
      return std::optional<PlacedTable>();
  }
  placed.summary = Summarise(change, old_state, placed);
  return std::optional(std::move(placed));
}

}  // namespace rhizo::txn
