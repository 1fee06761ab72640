#include "merge/constraint_check.h"

#include <algorithm>
#include <optional>

#include "engine/errors.h"
#include "engine/types.h"
#include "model/held_type.h"
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

// The check is none of these columns.
bool DoesNotFit(const Error& error) {
  return error.code() == ErrorCode::kSchema || error.code() == ErrorCode::kSql;
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

// Whether a side asks all that `merged` asks, of the same columns.
class AskedBy {
 public:
  AskedBy(const MergeMeans& means, const model::TableState& side, const model::TableState& merged)
      : means_(means), side_(side), merged_(merged) {
    if (merged.checks.empty()) return;
    for (const auto& field : side.schema.fields) {
      int index = merged.schema.Find(field.name);
      const auto* now = index < 0 ? nullptr : &merged.schema.fields[static_cast<size_t>(index)];
      if (now == nullptr) continue;  // no check can be bound that goes by it
      bool is_another = now->id != field.id || model::NamesMoved(field.type, now->type);
      if (is_another) renamed_.push_back(field.name);
      if (!is_another && now->type != field.type) retyped_.push_back(field.name);
    }
  }

  bool NotNull() const {
    return std::ranges::all_of(merged_.schema.fields, [&](const auto& field) {
      const auto* other = side_.schema.FindId(field.id);
      return other == nullptr ? field.nullable : other->nullable == field.nullable;
    });
  }
  bool Has(const std::string& check) const { return std::ranges::count(side_.checks, check) > 0; }
  // By columns whose names, or names inside of them, are others' in `merged`.
  Result<bool> GoesByRenamed(const std::string& check) const { return GoesBy(check, renamed_); }
  // By columns of another type.
  Result<bool> GoesByRetyped(const std::string& check) const { return GoesBy(check, retyped_); }

 private:
  // A check goes by a column if it cannot be without it.
  Result<bool> GoesBy(const std::string& check, const std::vector<std::string>& columns) const {
    for (const auto& column : columns) {
      auto without = side_.schema;
      std::erase_if(without.fields, [&](const auto& field) { return field.name == column; });
      auto bound = means_.bind_checks(without, {check});
      if (bound) continue;
      if (!DoesNotFit(bound.error())) return std::move(bound).error();
      return true;
    }
    return false;
  }

  const MergeMeans& means_;
  const model::TableState& side_;
  const model::TableState& merged_;
  std::vector<std::string> renamed_;
  std::vector<std::string> retyped_;
};

class ConstraintCheck {
 public:
  ConstraintCheck(const MergeMeans& means, const model::TableState& ours,
                  const model::TableState& theirs, const model::TableState& merged)
      : means_(means),
        ours_(ours),
        theirs_(theirs),
        merged_(merged),
        by_ours_(means, ours, merged),
        by_theirs_(means, theirs, merged) {}

  Result<Violations> Run(bool same_key, bool has_choices) {
    ASSIGN_OR_RETURN(auto table, Open(means_, merged_));
    if (!same_key && !merged_.key.empty()) RETURN_IF_ERROR(CheckKeys(*table));
    bool has_not_null = std::ranges::any_of(merged_.schema.fields,
                                            [](const auto& field) { return !field.nullable; });
    if (merged_.checks.empty() && !has_not_null) return std::move(found_);
    if (!merged_.checks.empty() && !means_.bind_checks) {
      return Unsupported("rows with checks cannot be merged without SQL");
    }
    bool asked_by_ours = by_ours_.NotNull();
    bool asked_by_theirs = by_theirs_.NotNull();
    bool asked_by_nobody = false;
    for (const auto& check : merged_.checks) {
      ASSIGN_OR_RETURN(bool here, IsAskedBy(by_ours_, check));
      ASSIGN_OR_RETURN(bool there, IsAskedBy(by_theirs_, check));
      asked_by_ours &= here;
      asked_by_theirs &= there;
      asked_by_nobody |= !here && !there;
    }
    // Rows that one side alone made passed what that side asks for.
    bool both = asked_by_ours && asked_by_theirs;
    if (both && merged_.checks.empty() && !has_choices) return std::move(found_);
    ASSIGN_OR_RETURN(auto checks, Bind());
    if (!found_.problems.empty()) return std::move(found_);
    RowCheck check(means_, table, std::move(checks), &found_);
    if (asked_by_nobody) {
      RETURN_IF_ERROR(check.Run(model::WithRowsOf(merged_, model::TableState())));
    } else {
      RETURN_IF_ERROR(check.Run(ours_));
      if (!asked_by_ours || !asked_by_theirs) RETURN_IF_ERROR(check.Run(theirs_));
    }
    return std::move(found_);
  }

 private:
  Status CheckKeys(const table::OpenTable& table) {
    auto unique = table::CheckKeysAreUnique(means_.context, table, merged_.key);
    if (!unique && unique.error().code() != ErrorCode::kConstraint) return unique;
    if (!unique) found_.problems.push_back(unique.error().message());
    return {};
  }

  // A check that would be about other columns than on the side that has it is noted, once.
  Result<bool> IsAskedBy(const AskedBy& side, const std::string& check) {
    if (!side.Has(check)) return false;
    ASSIGN_OR_RETURN(bool renamed, side.GoesByRenamed(check));
    if (!renamed) {
      ASSIGN_OR_RETURN(bool retyped, side.GoesByRetyped(check));
      return !retyped;
    }
    auto problem = "the check \"" + check +
                   "\" would be about another column: one that it goes by was renamed";
    bool is_known = !found_.problems.empty() && found_.problems.back() == problem;
    if (!is_known) found_.problems.push_back(std::move(problem));
    return false;
  }

  // Null: there are none, or they do not fit, which is noted.
  Result<table::CheckRows> Bind() {
    if (merged_.checks.empty()) return table::CheckRows();
    auto bound = means_.bind_checks(merged_.schema, merged_.checks);
    if (bound || !DoesNotFit(bound.error())) return bound;
    found_.problems.push_back(bound.error().message());
    return table::CheckRows();
  }

  const MergeMeans& means_;
  const model::TableState& ours_;
  const model::TableState& theirs_;
  const model::TableState& merged_;
  const AskedBy by_ours_;
  const AskedBy by_theirs_;
  Violations found_;
};

}  // namespace

Result<Violations> CheckConstraints(const MergeMeans& means, const model::TableState& ours,
                                    const model::TableState& theirs,
                                    const model::TableState& merged, bool same_key,
                                    bool has_choices) {
  return ConstraintCheck(means, ours, theirs, merged).Run(same_key, has_choices);
}

}  // namespace rhizo::merge
