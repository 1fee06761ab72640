#include "merge/constraint_check.h"

#include <algorithm>

#include "engine/errors.h"
#include "engine/types.h"
#include "merge/stored_anew.h"
#include "table/key_search.h"
#include "table/row_diff.h"
#include "table/row_name.h"

namespace rhizo::merge {
namespace {

constexpr size_t kMostNotes = 5;

using Table = std::shared_ptr<const table::OpenTable>;

Result<Table> Open(const MergeMeans& means, const model::TableState& state) {
  return table::OpenTable::Open(means.context.read, ObjectId(),
                                std::make_shared<const model::TableState>(state));
}

// What rows of `merged` are asked, one row at a time once some of a vector break something.
class RowCheck {
 public:
  RowCheck(const MergeMeans& means, Table merged, table::CheckRows checks, Violations* violations)
      : means_(means),
        merged_(std::move(merged)),
        checks_(std::move(checks)),
        violations_(violations) {}

  // Rows that are not as they were in `before`.
  Status Run(const model::TableState& before) {
    ASSIGN_OR_RETURN(auto old, Open(means_, before));
    ASSIGN_OR_RETURN(auto diff, table::RowDiff::Open(means_.client, old, merged_));
    while (true) {
      ASSIGN_OR_RETURN(auto region, diff.Next());
      if (!region) return {};
      auto rows = region->NewRows();
      for (size_t begin = 0; begin < rows.size(); begin += STANDARD_VECTOR_SIZE) {
        size_t count = std::min<size_t>(STANDARD_VECTOR_SIZE, rows.size() - begin);
        RETURN_IF_ERROR(Look(*region, std::span(rows).subspan(begin, count)));
      }
    }
  }

 private:
  Status Look(table::DiffRegion& region, std::span<const uint64_t> rows) {
    ASSIGN_OR_RETURN(auto broken, Breaks(region, rows));
    if (broken.empty()) return {};
    if (rows.size() == 1) return Note(region, rows.front(), broken);
    size_t half = rows.size() / 2;
    RETURN_IF_ERROR(Look(region, rows.subspan(0, half)));
    return Look(region, rows.subspan(half));
  }

  // What some of the rows break; "": nothing.
  Result<std::string> Breaks(table::DiffRegion& region, std::span<const uint64_t> rows) {
    std::string broken;
    auto checked = engine::Guarded([&]() -> Status {
      duckdb::DataChunk chunk;
      chunk.Initialize(duckdb::Allocator::DefaultAllocator(),
                       engine::ToLogicalTypes(merged_->schema()));
      for (size_t field = 0; field < chunk.ColumnCount(); ++field) {
        RETURN_IF_ERROR(region.after->Gather(field, rows, &chunk.data[field]));
      }
      chunk.SetCardinality(rows.size());
      broken = NullIn(chunk);
      if (!checks_ || !broken.empty()) return {};
      return checks_(chunk, [](duckdb::idx_t row) { return uint64_t{row}; });
    });
    if (checked) return broken;
    const auto& error = checked.error();
    // A check that fails on a row (an overflow) does not hold of it.
    if (error.code() == ErrorCode::kSql) return "fails in a check: " + std::string(error.message());
    if (error.code() != ErrorCode::kConstraint) return std::move(checked).error();
    return "breaks the check \"" + std::string(error.field("check")) + "\"";
  }

  std::string NullIn(duckdb::DataChunk& chunk) const {
    for (size_t field = 0; field < chunk.ColumnCount(); ++field) {
      const auto& about = merged_->schema().fields[field];
      if (about.nullable) continue;
      if (!duckdb::VectorOperations::HasNull(chunk.data[field], chunk.size())) continue;
      return "has no \"" + about.name + "\", which is NOT NULL";
    }
    return "";
  }

  Status Note(table::DiffRegion& region, uint64_t row, const std::string& broken) {
    ASSIGN_OR_RETURN(auto id, region.after->IdOf(row));
    bool is_new = violations_->rows.insert(id).second;
    if (!is_new || violations_->notes.size() == kMostNotes) return {};
    ASSIGN_OR_RETURN(auto name, table::RowName(merged_->schema(), merged_->state().key,
                                               region.after.get(), row));
    violations_->notes.push_back((name.empty() ? "a row" : name) + " " + broken);
    return {};
  }

  const MergeMeans& means_;
  const Table merged_;
  const table::CheckRows checks_;
  Violations* const violations_;
};

bool AsksNotNull(const model::TableState& side, const model::TableState& merged) {
  return std::ranges::all_of(merged.schema.fields, [&](const auto& field) {
    const auto* other = side.schema.FindId(field.id);
    return other == nullptr ? field.nullable : other->nullable == field.nullable;
  });
}

// Why the rows do not have this key; "": they have it.
Result<std::string> BreaksKey(const MergeMeans& means, const table::OpenTable& table,
                              const std::vector<FieldId>& key) {
  auto unique = table::CheckKeysAreUnique(means.context, table, key);
  if (unique) return std::string();
  if (unique.error().code() != ErrorCode::kConstraint) return std::move(unique).error();
  return std::string(unique.error().message());
}

Status CheckKeys(const MergeMeans& means, const model::TableState& base,
                 const model::TableState& ours, const model::TableState& theirs,
                 const table::OpenTable& merged, std::vector<std::string>* problems) {
  std::string problem;
  if (!merged.state().key.empty()) {
    ASSIGN_OR_RETURN(problem, BreaksKey(means, merged, merged.state().key));
  }
  if (problem.empty()) {
    ASSIGN_OR_RETURN(problem, FindStoredAnew(means, base, ours, theirs, merged.state()));
  }
  if (!problem.empty()) problems->push_back(std::move(problem));
  return {};
}

}  // namespace

Result<Violations> CheckConstraints(const MergeMeans& means, const model::TableState& base,
                                    const model::TableState& ours, const model::TableState& theirs,
                                    const model::TableState& merged, const FittedChecks& checks,
                                    bool same_key, bool has_choices) {
  Violations found;
  ASSIGN_OR_RETURN(auto table, Open(means, merged));
  if (!same_key) {
    RETURN_IF_ERROR(CheckKeys(means, base, ours, theirs, *table, &found.problems));
  }
  found.problems.insert(found.problems.end(), checks.problems.begin(), checks.problems.end());
  if (!found.problems.empty()) return found;
  bool has_not_null =
      std::ranges::any_of(merged.schema.fields, [](const auto& field) { return !field.nullable; });
  if (!checks.look && !has_not_null) return found;
  bool asked_by_ours = checks.asked_by_ours && AsksNotNull(ours, merged);
  bool asked_by_theirs = checks.asked_by_theirs && AsksNotNull(theirs, merged);
  // Rows that one side alone made passed what that side asks for.
  if (asked_by_ours && asked_by_theirs && !checks.look && !has_choices) return found;
  RowCheck check(means, table, checks.look, &found);
  if (checks.asked_by_nobody) {
    RETURN_IF_ERROR(check.Run(model::WithRowsOf(merged, model::TableState())));
    return found;
  }
  RETURN_IF_ERROR(check.Run(ours));
  if (!asked_by_ours || !asked_by_theirs) RETURN_IF_ERROR(check.Run(theirs));
  return found;
}

}  // namespace rhizo::merge
