#include "merge/dropped_columns.h"

#include <algorithm>
#include <set>

#include "engine/errors.h"
#include "merge/stored_type.h"
#include "table/compare_vectors.h"
#include "table/row_diff.h"
#include "table/single_value.h"
#include "tree/diff.h"

namespace rhizo::merge {
namespace {

// A state of the table with one column only, as `field` says.
Result<std::shared_ptr<const table::OpenTable>> OpenColumn(const MergeMeans& means,
                                                           model::TableState state,
                                                           const model::Field& field) {
  state.schema.fields = {field};
  state.key.clear();
  return table::OpenTable::Open(means.context.read, ObjectId(),
                                std::make_shared<const model::TableState>(std::move(state)));
}

// Rows of base to which `after` gave another value in the column.
Result<uint64_t> CountUpdated(const MergeMeans& means, const model::TableState& base,
                              const model::TableState& after, const model::Field& field) {
  if (base.tree_root == after.tree_root) return uint64_t{0};
  ASSIGN_OR_RETURN(auto was, OpenColumn(means, base, field));
  ASSIGN_OR_RETURN(auto is, OpenColumn(means, after, field));
  ASSIGN_OR_RETURN(auto diff, table::RowDiff::Open(means.client, was, is));
  ASSIGN_OR_RETURN(auto counts, diff.Count());
  return counts.updated;
}

// Whether rows of `before` were stored anew in `after`, or went.
Result<bool> ReplacesEntries(const MergeMeans& means, const model::TableState& before,
                             const model::TableState& after) {
  bool replaces = false;
  auto visit = [&](const tree::DiffEntry& entry) -> Status {
    replaces = replaces || entry.before.has_value();
    return {};
  };
  auto* reader = means.context.read.small;
  RETURN_IF_ERROR(
      tree::Diff(tree::Tree(reader, before.tree_root), tree::Tree(reader, after.tree_root), visit));
  return replaces;
}

// Whether some of these rows have another value than rows have that do not know the column.
Result<bool> HaveValues(const model::Field& field, const duckdb::LogicalType& type,
                        table::OldRows* from, std::span<const uint64_t> rows) {
  bool found = false;
  RETURN_IF_ERROR(engine::Guarded([&]() -> Status {
    ASSIGN_OR_RETURN(auto value, table::DecodeDefault(field.type, field.first_default));
    duckdb::Vector stored(type, rows.size());
    RETURN_IF_ERROR(from->Gather(0, rows, &stored));
    duckdb::Vector added(value);
    added.Flatten(rows.size());
    return table::CompareVectors(field.type, stored, added, rows.size(),
                                 [&](uint64_t) { found = true; });
  }));
  return found;
}

// Whether rows of `after` that are not in `before` hold something in a column that neither has.
Result<bool> HoldsValues(const MergeMeans& means, const model::TableState& before,
                         const model::TableState& after, const model::Field& field) {
  ASSIGN_OR_RETURN(auto old, OpenColumn(means, before, field));
  ASSIGN_OR_RETURN(auto now, OpenColumn(means, after, field));
  ASSIGN_OR_RETURN(auto diff, table::RowDiff::Open(means.client, old, now));
  while (true) {
    ASSIGN_OR_RETURN(auto region, diff.Next());
    if (!region) return false;
    std::vector<uint64_t> rows;
    for (const auto& change : region->changes) {
      if (change.kind == table::RowChangeKind::kUpdate) return true;
      if (change.kind == table::RowChangeKind::kInsert) rows.push_back(change.after);
    }
    if (rows.empty()) continue;
    ASSIGN_OR_RETURN(bool found, HaveValues(field, now->types()[0], region->after.get(), rows));
    if (found) return true;
  }
}

void CollectIds(const std::vector<model::Field>& fields, std::set<FieldId>* ids) {
  for (const auto& field : fields) {
    ids->insert(field.id);
    CollectIds(field.type.children, ids);
  }
}

// Also of inner fields.
std::set<FieldId> IdsOf(const std::vector<model::Field>& fields) {
  std::set<FieldId> ids;
  CollectIds(fields, &ids);
  return ids;
}

}  // namespace

Result<std::vector<DroppedField>> ChangedThoughDropped(const MergeMeans& means,
                                                       const TableVersion& base,
                                                       const model::TableState& other,
                                                       const std::vector<FieldId>& dropped,
                                                       const std::string& who) {
  std::vector<DroppedField> found;
  for (FieldId id : dropped) {
    const auto* field = other.schema.FindId(id);
    if (field == nullptr) continue;
    std::string what = "column \"" + field->name + "\" was dropped " + who;
    if (base.undefined != nullptr && base.undefined->Concerns(id)) {
      found.push_back({id, what + ", and what both started from contradicted itself in it"});
      continue;
    }
    ASSIGN_OR_RETURN(auto updated, CountUpdated(means, *base.state, other, *field));
    if (updated == 0) continue;
    found.push_back({id, what + ", and the other side changed its values in " +
                             std::to_string(updated) + " rows"});
  }
  return found;
}

Status FindInnerDropped(const MergeMeans& means, const TableVersion& base,
                        const model::TableState& side, const model::TableState& other,
                        const std::string& who, std::vector<std::string>* problems) {
  for (const auto& was : base.state->schema.fields) {
    const auto* is = side.schema.FindId(was.id);
    const auto* kept = other.schema.FindId(was.id);
    if (is == nullptr || kept == nullptr) continue;
    auto still = IdsOf(is->type.children);
    auto there = IdsOf(kept->type.children);
    auto before = IdsOf(was.type.children);
    bool drops = std::any_of(before.begin(), before.end(),
                             [&](FieldId id) { return there.contains(id) && !still.contains(id); });
    if (!drops) continue;
    ASSIGN_OR_RETURN(auto updated, CountUpdated(means, *base.state, other, *kept));
    bool is_known = base.undefined == nullptr || !base.undefined->Concerns(was.id);
    if (updated == 0 && is_known) continue;
    problems->push_back("a field inside column \"" + was.name + "\" was dropped " + who +
                        ", and the other side changed the column's values");
  }
  return {};
}

model::TableState Undropped(model::TableState side, const model::TableState& base,
                            const std::vector<DroppedField>& fields) {
  auto& columns = side.schema.fields;
  for (const auto& field : fields) {
    const auto* was = base.schema.FindId(field.id);
    auto at = std::min<size_t>(was - base.schema.fields.data(), columns.size());
    columns.insert(columns.begin() + static_cast<ptrdiff_t>(at), *was);
  }
  return side;
}

// Unless the side knows the column as wide as the merge does.
Status FindWider(const MergeMeans& means, const model::TableState& base,
                 const model::TableState& side, const model::Schema& merged,
                 std::vector<std::string>* problems) {
  for (const auto& field : merged.fields) {
    const auto* own = side.schema.FindId(field.id);
    if (own != nullptr && Holds(field.type, own->type)) continue;
    ASSIGN_OR_RETURN(bool wider, StoresWider(means.context.read, base, side, field));
    if (!wider) continue;
    problems->push_back("column \"" + field.name + "\" would be " + field.type.ToString() +
                        ", and rows were stored that need another type" +
                        (own == nullptr ? "" : ", " + own->type.ToString()));
  }
  return {};
}

Status FindComingBack(const MergeMeans& means, const model::TableState& base,
                      const model::TableState& side, const model::TableState& other,
                      const model::Schema& merged, std::vector<std::string>* problems) {
  if (base.tree_root == other.tree_root) return {};
  auto used = [](const model::TableState& state, FieldId id) {
    return std::binary_search(state.used_field_ids.begin(), state.used_field_ids.end(), id);
  };
  auto before = IdsOf(base.schema.fields);
  auto here = IdsOf(side.schema.fields);
  auto there = IdsOf(other.schema.fields);
  auto comes_back = [&](FieldId id) {
    return here.contains(id) && !before.contains(id) && !there.contains(id) && used(other, id);
  };
  for (const auto& field : merged.fields) {
    if (side.schema.FindId(field.id) == nullptr) continue;
    std::string column = "column \"" + field.name + "\" would ";
    auto inner = IdsOf(field.type.children);
    if (!comes_back(field.id)) {
      if (std::none_of(inner.begin(), inner.end(), comes_back)) continue;
      problems->push_back(column + "have an inner field again that the other side dropped");
      continue;
    }
    ASSIGN_OR_RETURN(bool replaces, ReplacesEntries(means, base, other));
    if (replaces && used(base, field.id)) {
      problems->push_back(column +
                          "come back, and rows were stored without it since it was dropped");
      continue;
    }
    ASSIGN_OR_RETURN(bool holds, HoldsValues(means, base, other, field));
    if (!holds) continue;
    problems->push_back(column + "come back with values that the other side dropped with it");
  }
  return {};
}

}  // namespace rhizo::merge
