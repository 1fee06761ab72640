#include "merge/direction.h"

#include <algorithm>
#include <iterator>

#include "engine/errors.h"
#include "merge/cell_rule.h"
#include "table/row_diff.h"
#include "table/row_name.h"

namespace rhizo::merge {
namespace {

using duckdb::Value;

struct Directed {
  size_t field = 0;
  MergeRule rule;
  size_t by = 0;  // of kLatest
};

Result<std::vector<Directed>> DirectedFields(const model::Schema& schema) {
  std::vector<Directed> found;
  for (size_t i = 0; i < schema.fields.size(); ++i) {
    ASSIGN_OR_RETURN(auto rule, ParseRule(schema.fields[i].merge_rule));
    switch (rule.kind) {
      case RuleKind::kConflict:
      case RuleKind::kAdd:
      case RuleKind::kMultiply: continue;
      default: break;
    }
    Directed directed{i, rule, 0};
    if (const auto* by = schema.FindId(rule.by)) {
      directed.by = static_cast<size_t>(by - schema.fields.data());
    }
    found.push_back(directed);
  }
  return found;
}

// Whether every item of `part` is in `whole`; both sorted sets.
bool IsSubset(const model::Type& list, const Value& part, const Value& whole) {
  const auto& item = list.children[0].type;
  auto less = [&](const Value& a, const Value& b) { return Order(item, a, b) < 0; };
  const auto sorted_part = Canonical(list, part);
  const auto sorted_whole = Canonical(list, whole);
  const auto& few = duckdb::ListValue::GetChildren(sorted_part);
  const auto& many = duckdb::ListValue::GetChildren(sorted_whole);
  return std::includes(many.begin(), many.end(), few.begin(), few.end(), less);
}

// Of a cell that changed. Not of kLatest.
bool GoesAlong(RuleKind kind, const model::Type& type, const Value& before, const Value& after) {
  if (before.IsNull()) return true;
  if (after.IsNull()) return false;
  switch (kind) {
    case RuleKind::kMax: return Order(type, before, after) <= 0;
    case RuleKind::kMin: return Order(type, before, after) >= 0;
    case RuleKind::kUnion: return IsSubset(type, before, after);
    case RuleKind::kIntersect: return IsSubset(type, after, before);
    default: return true;
  }
}

std::string_view Against(RuleKind kind) {
  switch (kind) {
    case RuleKind::kMax: return "lower it";
    case RuleKind::kMin: return "raise it";
    case RuleKind::kUnion: return "take items out of it";
    case RuleKind::kIntersect: return "put items into it";
    default: return "change it without raising the column it goes by";
  }
}

class Check {
 public:
  Check(const table::OpenTable& after, std::vector<Directed> directed)
      : schema_(after.schema()), after_(after), directed_(std::move(directed)) {}

  Status Run(table::RowDiff* diff) {
    while (true) {
      ASSIGN_OR_RETURN(auto region, diff->Next());
      if (!region) return {};
      for (const auto& field : directed_) RETURN_IF_ERROR(RunField(field, &*region));
    }
  }

 private:
  // Rows of the region in which the field changed.
  Status RunField(const Directed& directed, table::DiffRegion* region) {
    std::vector<const table::RowChange*> rows;
    std::vector<uint64_t> old_rows;
    std::vector<uint64_t> new_rows;
    for (const auto& change : region->changes) {
      bool changed =
          std::binary_search(change.changed.begin(), change.changed.end(), directed.field);
      if (change.kind != table::RowChangeKind::kUpdate || !changed) continue;
      rows.push_back(&change);
      old_rows.push_back(change.before);
      new_rows.push_back(change.after);
    }
    for (size_t begin = 0; begin < rows.size(); begin += STANDARD_VECTOR_SIZE) {
      size_t count = std::min<size_t>(STANDARD_VECTOR_SIZE, rows.size() - begin);
      auto from = std::span(old_rows).subspan(begin, count);
      auto to = std::span(new_rows).subspan(begin, count);
      RETURN_IF_ERROR(engine::Guarded([&] { return RunRows(directed, region, from, to); }));
    }
    return {};
  }

  Status RunRows(const Directed& directed, table::DiffRegion* region,
                 std::span<const uint64_t> old_rows, std::span<const uint64_t> new_rows) {
    bool is_latest = directed.rule.kind == RuleKind::kLatest;
    size_t looked_at = is_latest ? directed.by : directed.field;
    ASSIGN_OR_RETURN(auto before, Gather(region->before.get(), looked_at, old_rows));
    ASSIGN_OR_RETURN(auto after, Gather(region->after.get(), looked_at, new_rows));
    const auto& type = schema_.fields[looked_at].type;
    for (size_t i = 0; i < old_rows.size(); ++i) {
      auto was = before->GetValue(i);
      auto is = after->GetValue(i);
      bool fine = GoesAlong(is_latest ? RuleKind::kMax : directed.rule.kind, type, was, is);
      // What goes by a column has to raise it, not only to keep it.
      if (is_latest) fine = fine && Order(type, was, is) != 0;
      if (!fine) return Refused(directed, region, new_rows[i], was, is);
    }
    return {};
  }

  Result<std::unique_ptr<duckdb::Vector>> Gather(table::OldRows* rows, size_t field,
                                                 std::span<const uint64_t> numbers) {
    auto values = std::make_unique<duckdb::Vector>(after_.types()[field], numbers.size());
    RETURN_IF_ERROR(rows->Gather(field, numbers, values.get()));
    return values;
  }

  Error Refused(const Directed& directed, table::DiffRegion* region, uint64_t row,
                const Value& before, const Value& after) {
    auto name = table::RowName(schema_, after_.state().key, region->after.get(), row);
    if (!name) return std::move(name).error();
    std::string of_row = name->empty() ? "" : " (of " + *name + ")";
    const auto& column = schema_.fields[directed.field].name;
    bool is_latest = directed.rule.kind == RuleKind::kLatest;
    const auto& looked_at = is_latest ? schema_.fields[directed.by].name : column;
    std::string rule = is_latest ? "latest(" + looked_at + ")" : ToString(directed.rule);
    return Error(ErrorCode::kConstraint, "column \"" + column + "\" has the merge rule " + rule +
                                             ", and this would " +
                                             std::string(Against(directed.rule.kind)) + ": " +
                                             looked_at + " " + before.ToSQLString() + " becomes " +
                                             after.ToSQLString() + of_row + "; reset allows it")
        .With("column", column)
        .With("before", before.ToString())
        .With("after", after.ToString());
  }

  const model::Schema& schema_;
  const table::OpenTable& after_;
  const std::vector<Directed> directed_;
};

}  // namespace

bool HasDirections(const model::Schema& schema) {
  auto found = DirectedFields(schema);
  return !found || !found->empty();
}

Status CheckDirections(duckdb::ClientContext* client,
                       std::shared_ptr<const table::OpenTable> before,
                       std::shared_ptr<const table::OpenTable> after) {
  ASSIGN_OR_RETURN(auto directed, DirectedFields(after->schema()));
  bool none = before->state().rows == 0 || after->state().rows == 0 ||
              before->state().tree_root == after->state().tree_root;
  if (directed.empty() || none) return {};
  ASSIGN_OR_RETURN(auto diff, table::RowDiff::Open(client, before, after));
  return Check(*after, std::move(directed)).Run(&diff);
}

}  // namespace rhizo::merge
