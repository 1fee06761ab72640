// Session: what differs between two points of history.
#include <algorithm>
#include <map>

#include "db/query_result_impl.h"
#include "db/table_changes.h"
#include "merge/rule_settings.h"
#include "table/row_diff.h"
#include "tree/diff.h"

namespace rhizo {
namespace {

std::string Quoted(const std::string& name) { return "\"" + name + "\""; }

// A table that differs: where it stands on either side.
struct Changed {
  std::optional<txn::NamedTable> before;
  std::optional<txn::NamedTable> after;
};

// Tables whose name or state differs, by id; costs what differs.
Result<std::map<TableId, Changed>> ChangedTables(const txn::View& before, const txn::View& after) {
  std::map<TableId, Changed> changed;
  auto note = [&](std::string_view key, const std::optional<std::string_view>& value,
                  std::optional<txn::NamedTable> Changed::*side) -> Status {
    if (!value) return {};
    ASSIGN_OR_RETURN(auto state_key, model::DecodeStateKey(key));
    if (state_key.kind != model::StateKind::kTable) return {};
    ASSIGN_OR_RETURN(auto entry, model::DecodeStateEntry(*value));
    changed[entry.table].*side = txn::NamedTable{state_key.qualified_name(), entry};
    return {};
  };
  auto visit = [&](const tree::DiffEntry& entry) -> Status {
    RETURN_IF_ERROR(note(entry.key, entry.before, &Changed::before));
    return note(entry.key, entry.after, &Changed::after);
  };
  RETURN_IF_ERROR(tree::Diff(tree::Tree(before.objects(), before.state_root()),
                             tree::Tree(after.objects(), after.state_root()), visit));
  return changed;
}

std::string Describe(const model::Field& field) {
  return field.type.ToString() + (field.nullable ? "" : " NOT NULL");
}

// What concurrent changes of the table make together.
Status AddRuleChanges(const model::TableState& before, const model::TableState& after,
                      std::vector<std::string>* changes) {
  for (const auto& field : after.schema.fields) {
    const auto* old = before.schema.FindId(field.id);
    ASSIGN_OR_RETURN(auto is, merge::RuleText(after.schema, field));
    std::string was = "conflict";
    if (old != nullptr) {
      ASSIGN_OR_RETURN(was, merge::RuleText(before.schema, *old));
    }
    if (is == was) continue;
    changes->push_back("column " + Quoted(field.name) + " has the merge rule " + is +
                       (old == nullptr ? "" : ", was " + was));
  }
  if (before.merge_row != after.merge_row) {
    changes->push_back(after.merge_row ? "two changes of one row contradict each other"
                                       : "only two changes of one cell contradict each other");
  }
  if (before.delete_wins != after.delete_wins) {
    changes->push_back(after.delete_wins ? "a delete beats a change of the same row"
                                         : "a delete contradicts a change of the same row");
  }
  return {};
}

std::vector<std::string> SchemaChanges(const model::Schema& before, const model::Schema& after) {
  std::vector<std::string> changes;
  for (const auto& field : before.fields) {
    if (after.FindId(field.id) == nullptr) {
      changes.push_back("column " + Quoted(field.name) + " dropped");
    }
  }
  std::vector<FieldId> old_order;
  std::vector<FieldId> new_order;
  for (const auto& field : after.fields) {
    const auto* old = before.FindId(field.id);
    if (old == nullptr) {
      changes.push_back("column " + Quoted(field.name) + " added, " + Describe(field));
      continue;
    }
    new_order.push_back(field.id);
    if (old->name != field.name) {
      changes.push_back("column " + Quoted(old->name) + " renamed to " + Quoted(field.name));
    }
    if (Describe(*old) != Describe(field)) {
      changes.push_back("column " + Quoted(field.name) + " was " + Describe(*old) + ", is " +
                        Describe(field));
    }
  }
  for (const auto& field : before.fields) {
    if (after.FindId(field.id) != nullptr) old_order.push_back(field.id);
  }
  if (old_order != new_order) changes.emplace_back("columns in another order");
  return changes;
}

Status CountRows(duckdb::ClientContext* client, const sql::TablePair& tables, TableDiff* diff) {
  ASSIGN_OR_RETURN(auto after, table::InTypesOfBoth(*tables.before, tables.after));
  ASSIGN_OR_RETURN(auto rows, table::RowDiff::Open(client, tables.before, std::move(after)));
  ASSIGN_OR_RETURN(auto changes, rows.Count());
  diff->rows_inserted = changes.inserted;
  diff->rows_updated = changes.updated;
  diff->rows_deleted = changes.deleted;
  return {};
}

}  // namespace

namespace db {

Result<std::optional<TableDiff>> SummariseChange(duckdb::ClientContext* client,
                                                 const sql::TablePair& tables) {
  const auto& old_name = tables.before_name;
  const auto& name = tables.after_name;
  TableDiff diff;
  diff.table = name.empty() ? old_name : name;
  diff.operation = old_name.empty() ? "create" : name.empty() ? "drop" : "change";
  if (!old_name.empty() && !name.empty() && old_name != name) {
    diff.operation = "rename";
    diff.old_name = old_name;
  }
  diff.schema_changes = SchemaChanges(tables.before->schema(), tables.after->schema());
  RETURN_IF_ERROR(
      AddRuleChanges(tables.before->state(), tables.after->state(), &diff.schema_changes));
  RETURN_IF_ERROR(CountRows(client, tables, &diff));
  bool same = diff.operation == "change" && diff.schema_changes.empty() &&
              diff.rows_inserted + diff.rows_updated + diff.rows_deleted == 0;
  return same ? std::optional<TableDiff>() : std::optional(std::move(diff));
}

}  // namespace db

Result<QueryResult> Session::Diff(const std::string& table, const std::string& from,
                                  const std::string& to, const DiffOptions& options) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  ASSIGN_OR_RETURN(auto name, model::QualifiedName::Parse(table));
  ASSIGN_OR_RETURN(auto view, impl_->CurrentView());
  ASSIGN_OR_RETURN(auto tables, impl_->TablesBetween(view, name, from, to));
  ASSIGN_OR_RETURN(auto after, table::InTypesOfBoth(*tables.before, tables.after));
  ASSIGN_OR_RETURN(auto* engine, impl_->Engine());
  ASSIGN_OR_RETURN(auto query, engine->Diff(*after, name.ToString(), {from, to}, options.columns,
                                            options.where, options.parameters, options.limit));
  return db::MakeResult(std::move(query), view->has_own_writes() ? "" : view->commit().ToString(),
                        0);
}

Result<std::vector<TableDiff>> Session::DiffSummary(const std::string& from, const std::string& to,
                                                    const std::string& table) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  ASSIGN_OR_RETURN(auto view, impl_->CurrentView());
  ASSIGN_OR_RETURN(auto* engine, impl_->Engine());
  std::vector<TableDiff> diffs;
  if (!table.empty()) {
    ASSIGN_OR_RETURN(auto name, model::QualifiedName::Parse(table));
    ASSIGN_OR_RETURN(auto tables, impl_->TablesBetween(view, name, from, to));
    ASSIGN_OR_RETURN(auto diff, db::SummariseChange(&engine->client(), tables));
    if (diff) diffs.push_back(std::move(*diff));
    return diffs;
  }
  auto earlier = view;
  auto later = view;
  ASSIGN_OR_RETURN(auto from_commit, impl_->ResolvePoint(from));
  ASSIGN_OR_RETURN(earlier, impl_->ViewAt(from_commit));
  if (!to.empty()) {
    ASSIGN_OR_RETURN(auto to_commit, impl_->ResolvePoint(to));
    ASSIGN_OR_RETURN(later, impl_->ViewAt(to_commit));
  }
  bool sees_now = from_commit == view->commit() || later->commit() == view->commit();
  if (sees_now) RETURN_IF_ERROR(impl_->NoteAllRead());
  ASSIGN_OR_RETURN(auto changed, ChangedTables(*earlier, *later));
  for (const auto& [id, sides] : changed) {
    ASSIGN_OR_RETURN(auto tables, impl_->OpenBoth(*earlier, sides.before, *later, sides.after));
    ASSIGN_OR_RETURN(auto diff, db::SummariseChange(&engine->client(), tables));
    if (diff) diffs.push_back(std::move(*diff));
  }
  std::sort(diffs.begin(), diffs.end(),
            [](const auto& a, const auto& b) { return a.table < b.table; });
  return diffs;
}

}  // namespace rhizo
