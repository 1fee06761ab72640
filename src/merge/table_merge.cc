#include "merge/table_merge.h"

#include <algorithm>

#include "engine/errors.h"
#include "engine/types.h"
#include "merge/dropped_columns.h"
#include "table/key_search.h"
#include "table/row_diff.h"

namespace rhizo::merge {
namespace {

Result<std::shared_ptr<const table::OpenTable>> Open(const MergeMeans& means,
                                                     const model::TableState& state) {
  return table::OpenTable::Open(means.context.read, ObjectId(),
                                std::make_shared<const model::TableState>(state));
}

// NOT NULL and checks, on rows of `merged` that are not as they were in `before`.
class ConstraintCheck {
 public:
  ConstraintCheck(const MergeMeans& means, std::shared_ptr<const table::OpenTable> merged,
                  table::CheckRows checks)
      : means_(means), merged_(std::move(merged)), checks_(std::move(checks)) {}

  Status Run(const model::TableState& before, std::vector<std::string>* problems) {
    ASSIGN_OR_RETURN(auto old, Open(means_, before));
    ASSIGN_OR_RETURN(auto diff, table::RowDiff::Open(means_.client, old, merged_));
    while (problems->empty()) {
      ASSIGN_OR_RETURN(auto region, diff.Next());
      if (!region) return {};
      std::vector<uint64_t> rows;
      for (const auto& change : region->changes) {
        if (change.kind != table::RowChangeKind::kDelete) rows.push_back(change.after);
      }
      RETURN_IF_ERROR(CheckRows(region->after.get(), rows, problems));
    }
    return {};
  }

 private:
  Status CheckRows(table::OldRows* from, std::span<const uint64_t> rows,
                   std::vector<std::string>* problems) {
    for (size_t begin = 0; begin < rows.size(); begin += STANDARD_VECTOR_SIZE) {
      auto part = rows.subspan(begin, std::min<size_t>(STANDARD_VECTOR_SIZE, rows.size() - begin));
      auto checked = engine::Guarded([&]() -> Status {
        duckdb::DataChunk chunk;
        chunk.Initialize(duckdb::Allocator::DefaultAllocator(),
                         engine::ToLogicalTypes(merged_->schema()));
        for (size_t field = 0; field < chunk.ColumnCount(); ++field) {
          RETURN_IF_ERROR(from->Gather(field, part, &chunk.data[field]));
        }
        chunk.SetCardinality(part.size());
        NoteNulls(chunk, problems);
        if (!checks_) return {};
        return checks_(chunk, [](duckdb::idx_t row) { return uint64_t{row}; });
      });
      if (!checked && checked.error().code() != ErrorCode::kConstraint) return checked;
      if (!checked) problems->push_back(checked.error().message());
    }
    return {};
  }

  void NoteNulls(duckdb::DataChunk& chunk, std::vector<std::string>* problems) const {
    for (size_t field = 0; field < chunk.ColumnCount(); ++field) {
      const auto& about = merged_->schema().fields[field];
      if (about.nullable) continue;
      if (duckdb::VectorOperations::HasNull(chunk.data[field], chunk.size())) {
        problems->push_back("column \"" + about.name +
                            "\" is NOT NULL, and rows of the other side have none there");
      }
    }
  }

  const MergeMeans& means_;
  const std::shared_ptr<const table::OpenTable> merged_;
  const table::CheckRows checks_;
};

bool SameConstraints(const model::TableState& a, const model::TableState& b) {
  if (a.checks != b.checks) return false;
  return std::all_of(a.schema.fields.begin(), a.schema.fields.end(), [&](const auto& field) {
    const auto* other = b.schema.FindId(field.id);
    return other == nullptr || other->nullable == field.nullable;
  });
}

Status CheckConstraints(const MergeMeans& means, const model::TableState& ours,
                        const model::TableState& theirs, bool same_key, MergedTable* merged) {
  const auto& state = merged->state;
  bool has_not_null = std::any_of(state.schema.fields.begin(), state.schema.fields.end(),
                                  [](const auto& field) { return !field.nullable; });
  ASSIGN_OR_RETURN(auto table, Open(means, state));
  if (!same_key && !state.key.empty()) {
    auto unique = table::CheckKeysAreUnique(means.context, *table, state.key);
    if (!unique && unique.error().code() != ErrorCode::kConstraint) return unique;
    if (!unique) merged->problems.push_back(unique.error().message());
  }
  if (state.checks.empty() && !has_not_null) return {};
  // Rows that one side alone made passed what that side asks for.
  bool as_in_ours = SameConstraints(state, ours);
  bool as_in_theirs = SameConstraints(state, theirs);
  if (state.checks.empty() && as_in_ours && as_in_theirs) return {};
  table::CheckRows checks;
  if (!state.checks.empty()) {
    if (!means.bind_checks) return Unsupported("rows with checks cannot be merged without SQL");
    auto bound = means.bind_checks(state.schema, state.checks);
    bool does_not_fit = !bound && (bound.error().code() == ErrorCode::kSchema ||
                                   bound.error().code() == ErrorCode::kSql);
    if (does_not_fit) return merged->problems.push_back(bound.error().message()), Status();
    ASSIGN_OR_RETURN(checks, std::move(bound));
  }
  ConstraintCheck check(means, table, std::move(checks));
  RETURN_IF_ERROR(check.Run(ours, &merged->problems));
  if (as_in_theirs && as_in_ours) return {};
  return check.Run(theirs, &merged->problems);
}

// A table that is not there, of the same columns.
model::TableState Nothing(const model::TableState& like) {
  auto nothing = like;
  nothing.tree_root = ObjectId();
  nothing.entries = nothing.rows = nothing.bytes = 0;
  return nothing;
}

}  // namespace

Result<MergedTable> MergeTable(const MergeMeans& means, const TableVersion& base,
                               const TableVersion& ours, const TableVersion& theirs,
                               const MergeOptions& options, Undefined* undefined) {
  auto nothing = Nothing(*ours.state);
  const auto& was = base.state != nullptr ? *base.state : nothing;
  auto schema = MergeSchemas(was, *ours.state, *theirs.state, options.favour);
  MergedTable merged;
  for (const auto& conflict : schema.conflicts) merged.problems.push_back(conflict.what);
  if (!merged.problems.empty()) return merged;
  ASSIGN_OR_RETURN(auto here,
                   ChangedThoughDropped(means, was, *theirs.state, schema.dropped_by_ours, "here"));
  ASSIGN_OR_RETURN(
      auto there, ChangedThoughDropped(means, was, *ours.state, schema.dropped_by_theirs, "there"));
  if (options.favour == Favour::kNobody) {
    for (const auto& field : here) merged.problems.push_back(field.problem);
    for (const auto& field : there) merged.problems.push_back(field.problem);
    if (!merged.problems.empty()) return merged;
  }
  uint64_t settled = here.size() + there.size();
  bool keeps_ours = options.favour == Favour::kOurs && !there.empty();
  bool keeps_theirs = options.favour == Favour::kTheirs && !here.empty();
  if (keeps_ours) {
    auto undropped = Undropped(*theirs.state, was, there);
    schema = MergeSchemas(was, *ours.state, undropped, options.favour);
  } else if (keeps_theirs) {
    auto undropped = Undropped(*ours.state, was, here);
    schema = MergeSchemas(was, undropped, *theirs.state, options.favour);
  }
  for (const auto& conflict : schema.conflicts) merged.problems.push_back(conflict.what);
  if (!merged.problems.empty()) return merged;
  if (base.state != nullptr) {
    const auto& columns = schema.state.schema;
    RETURN_IF_ERROR(
        FindComingBack(means, was, *theirs.state, *ours.state, columns, &merged.problems));
    RETURN_IF_ERROR(
        FindComingBack(means, was, *ours.state, *theirs.state, columns, &merged.problems));
    if (!merged.problems.empty()) return merged;
  }
  for (const auto* side : {&base, &ours, &theirs}) {
    bool has_keys = side->undefined != nullptr && !side->undefined->keys().empty();
    if (!has_keys || schema.same_key) continue;
    merged.problems.push_back(
        "the key was changed, and what both started from contradicted itself in rows of it");
    return merged;
  }
  auto by_rows = options;
  by_rows.by_key = schema.same_key;
  ASSIGN_OR_RETURN(
      auto rows, MergeRows(means.client, means.context, schema.state,
                           {TableSide(was, base.undefined), TableSide(*ours.state, ours.undefined),
                            TableSide(*theirs.state, theirs.undefined)},
                           by_rows, undefined));
  merged.state = std::move(rows.state);
  merged.counts = rows.counts;
  merged.counts.settled += settled;
  merged.new_bytes = rows.new_bytes;
  if (rows.counts.conflicts > 0) return merged;
  RETURN_IF_ERROR(CheckConstraints(means, *ours.state, *theirs.state, schema.same_key, &merged));
  return merged;
}

}  // namespace rhizo::merge
