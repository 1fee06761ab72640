#include "merge/dropped_columns.h"

#include <algorithm>
#include <set>

#include "engine/errors.h"
#include "merge/stored_type.h"
#include "model/held_type.h"
#include "model/schema_coding.h"
#include "table/row_diff.h"

namespace rhizo::merge {
namespace {

// Two states of the table with one column only, as `field` says, and the key if it is one in both:
// rows that moved with it are the same rows.
Result<table::RowDiff> DiffColumn(const MergeMeans& means, model::TableState before,
                                  model::TableState after, const model::Field& field) {
  std::vector<model::Field> fields = {field};
  bool by_key = before.key == after.key;
  for (FieldId id : after.key) {
    const auto* part = after.schema.FindId(id);
    if (by_key && part != nullptr && id != field.id) fields.push_back(*part);
  }
  auto open = [&](model::TableState& state) {
    state.schema.fields = fields;
    if (!by_key) state.key.clear();
    return table::OpenTable::Open(means.context.read, ObjectId(),
                                  std::make_shared<const model::TableState>(std::move(state)));
  };
  ASSIGN_OR_RETURN(auto was, open(before));
  ASSIGN_OR_RETURN(auto is, open(after));
  return table::RowDiff::Open(means.client, was, is);
}

// Rows of base to which `after` gave another value in the column.
Result<uint64_t> CountUpdated(const MergeMeans& means, const model::TableState& base,
                              const model::TableState& after, const model::Field& field) {
  if (base.tree_root == after.tree_root) return uint64_t{0};
  ASSIGN_OR_RETURN(auto diff, DiffColumn(means, base, after, field));
  ASSIGN_OR_RETURN(auto counts, diff.Count());
  return counts.updated;
}

// Whether what `after` stored since `before` can be read as `field` says.
Result<bool> IsReadable(const MergeMeans& means, const model::TableState& before,
                        const model::TableState& after, const model::Field& field) {
  auto read = [&]() -> Status {
    ASSIGN_OR_RETURN(auto diff, DiffColumn(means, before, after, field));
    while (true) {
      ASSIGN_OR_RETURN(auto region, diff.Next());
      if (!region) return {};
      auto rows = region->NewRows();
      RETURN_IF_ERROR(engine::Guarded([&]() -> Status {
        duckdb::Vector values(diff.types()[0], std::max<size_t>(1, rows.size()));
        return region->after->Gather(0, rows, &values);
      }));
    }
  };
  auto done = read();
  if (!done && done.error().code() != ErrorCode::kSql) return std::move(done).error();
  return done.has_value();
}

// Also of inner fields.
std::set<FieldId> IdsOf(const std::vector<model::Field>& fields) {
  std::vector<FieldId> ids;
  model::CollectIds(fields, &ids);
  return {ids.begin(), ids.end()};
}

}  // namespace

bool WasUsed(const model::TableState& state, FieldId id) {
  return std::binary_search(state.used_field_ids.begin(), state.used_field_ids.end(), id);
}

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
                        const std::string& who, bool is_right, std::vector<std::string>* problems) {
  if (is_right) return {};
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

Status FindInnerKept(const model::TableState& base, const model::TableState& side,
                     const model::Schema& merged, std::vector<std::string>* problems) {
  if (base.tree_root == side.tree_root) return {};
  auto before = IdsOf(base.schema.fields);
  auto there = IdsOf(side.schema.fields);
  for (const auto& field : merged.fields) {
    auto inner = IdsOf(field.type.children);
    bool keeps = side.schema.FindId(field.id) != nullptr &&
                 std::any_of(inner.begin(), inner.end(), [&](FieldId id) {
                   return before.contains(id) && !there.contains(id);
                 });
    if (!keeps) continue;
    problems->push_back(
        "a field inside column \"" + field.name +
        "\" was dropped on one side, which stored rows since, and changed on the other");
  }
  return {};
}

// Unless the side knows the column as wide as the merge does.
Result<std::vector<WiderField>> FindWider(const MergeMeans& means, const model::TableState& base,
                                          const model::TableState& side,
                                          const model::Schema& merged) {
  std::vector<WiderField> wider;
  for (const auto& field : merged.fields) {
    const auto* own = side.schema.FindId(field.id);
    bool as_it_is = own == nullptr ? !WasUsed(side, field.id) : own->type == field.type;
    if (as_it_is || base.tree_root == side.tree_root) continue;
    bool fits = own != nullptr && model::Holds(field.type, own->type);
    if (!fits) {
      ASSIGN_OR_RETURN(bool is_wider, StoresWider(means.context.read, base, side, field));
      fits = !is_wider;
    }
    if (fits && (own == nullptr || model::DependsOnValues(field.type, own->type))) {
      ASSIGN_OR_RETURN(fits, IsReadable(means, base, side, field));
    }
    if (fits) continue;
    bool holds_both = own != nullptr && model::Holds(own->type, field.type);
    wider.push_back({field.id, holds_both ? std::optional(own->type) : std::nullopt,
                     "column \"" + field.name + "\" would be " + field.type.ToString() +
                         ", and rows were stored that need another type" +
                         (own == nullptr ? "" : ", " + own->type.ToString())});
  }
  return wider;
}

void FindInnerComingBack(const model::TableState& base, const model::TableState& side,
                         const model::TableState& other, const model::Schema& merged,
                         std::vector<std::string>* problems) {
  if (base.tree_root == other.tree_root) return;
  auto before = IdsOf(base.schema.fields);
  auto here = IdsOf(side.schema.fields);
  auto there = IdsOf(other.schema.fields);
  auto comes_back = [&](FieldId id) {
    return here.contains(id) && !before.contains(id) && !there.contains(id) && WasUsed(other, id);
  };
  for (const auto& field : merged.fields) {
    if (side.schema.FindId(field.id) == nullptr || comes_back(field.id)) continue;
    if (std::ranges::none_of(IdsOf(field.type.children), comes_back)) continue;
    problems->push_back("column \"" + field.name +
                        "\" would have an inner field again that the other side dropped");
  }
}

}  // namespace rhizo::merge
