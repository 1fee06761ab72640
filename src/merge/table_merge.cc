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
      RETURN_IF_ERROR(CheckRows(region->after.get(), region->NewRows(), problems));
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
    return other == nullptr ? field.nullable : other->nullable == field.nullable;
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

// Columns, key and policies of what comes out.
struct MergedColumns {
  MergedSchema schema;
  std::map<FieldId, Which> owners;
  uint64_t settled = 0;
};

// Puts the columns together; what contradicts is added to `problems`.
class ColumnMerge {
 public:
  // `base` is there, perhaps without rows.
  ColumnMerge(const MergeMeans& means, const TableVersion& base, const model::TableState& ours,
              const model::TableState& theirs, Favour favour)
      : means_(means), base_(base), ours_(ours), theirs_(theirs), favour_(favour) {}

  Result<MergedColumns> Run(std::vector<std::string>* problems) {
    problems_ = problems;
    Merge(ours_, theirs_);
    if (problems->empty()) RETURN_IF_ERROR(MergeDropped());
    if (problems->empty()) RETURN_IF_ERROR(CheckStored());
    return std::move(out_);
  }

 private:
  void Merge(const model::TableState& ours, const model::TableState& theirs) {
    out_.schema = MergeSchemas(*base_.state, ours, theirs, favour_);
    for (const auto& conflict : out_.schema.conflicts) problems_->push_back(conflict.what);
  }

  // What a side dropped goes, unless the other changed it and is favoured.
  Status MergeDropped() {
    ASSIGN_OR_RETURN(auto here, ChangedThoughDropped(means_, base_, theirs_,
                                                     out_.schema.dropped_by_ours, "here"));
    ASSIGN_OR_RETURN(auto there, ChangedThoughDropped(means_, base_, ours_,
                                                      out_.schema.dropped_by_theirs, "there"));
    out_.settled = here.size() + there.size();
    if (favour_ == Favour::kNobody) {
      for (const auto& field : here) problems_->push_back(field.problem);
      for (const auto& field : there) problems_->push_back(field.problem);
    } else if (favour_ == Favour::kOurs && !there.empty()) {
      Merge(ours_, Undropped(theirs_, *base_.state, there));
    } else if (favour_ == Favour::kTheirs && !here.empty()) {
      Merge(Undropped(ours_, *base_.state, here), theirs_);
    }
    for (const auto& field : out_.schema.state.schema.fields) {
      if (base_.state->schema.FindId(field.id) == nullptr) continue;
      if (ours_.schema.FindId(field.id) == nullptr) out_.owners[field.id] = kTheirs;
      if (theirs_.schema.FindId(field.id) == nullptr) out_.owners[field.id] = kOurs;
    }
    RETURN_IF_ERROR(FindInnerDropped(means_, base_, ours_, theirs_, "here",
                                     favour_ == Favour::kOurs, problems_));
    return FindInnerDropped(means_, base_, theirs_, ours_, "there", favour_ == Favour::kTheirs,
                            problems_);
  }

  Status CheckStored() {
    const auto& was = *base_.state;
    const auto& columns = out_.schema.state.schema;
    RETURN_IF_ERROR(FindWider(means_, was, ours_, columns, problems_));
    RETURN_IF_ERROR(FindWider(means_, was, theirs_, columns, problems_));
    RETURN_IF_ERROR(FindInnerKept(was, ours_, columns, problems_));
    RETURN_IF_ERROR(FindInnerKept(was, theirs_, columns, problems_));
    if (!problems_->empty()) return {};
    RETURN_IF_ERROR(FindComingBack(means_, was, theirs_, ours_, columns, problems_));
    return FindComingBack(means_, was, ours_, theirs_, columns, problems_);
  }

  const MergeMeans& means_;
  const TableVersion& base_;
  const model::TableState& ours_;
  const model::TableState& theirs_;
  const Favour favour_;
  std::vector<std::string>* problems_ = nullptr;
  MergedColumns out_;
};

bool KnowsKeys(const TableVersion& side) {
  return side.undefined != nullptr && !side.undefined->keys().empty();
}

constexpr char kKeyOfUnknownRows[] =
    "the key was changed, and what both started from contradicted itself in rows of it";

}  // namespace

model::TableState NoTable(const model::TableState& ours, const model::TableState& theirs) {
  model::TableState nothing;
  nothing.id = ours.id;
  nothing.schema = ours.schema;
  auto& fields = nothing.schema.fields;
  std::erase_if(fields, [&](const auto& field) {
    const auto* other = theirs.schema.FindId(field.id);
    return other == nullptr || !(*other == field);
  });
  if (theirs.schema.attributes != ours.schema.attributes) nothing.schema.attributes.clear();
  bool has_key = std::all_of(ours.key.begin(), ours.key.end(),
                             [&](FieldId id) { return nothing.schema.FindId(id) != nullptr; });
  if (has_key && ours.key == theirs.key) nothing.key = ours.key;
  nothing.delete_wins = ours.delete_wins && theirs.delete_wins;
  nothing.merge_row = ours.merge_row && theirs.merge_row;
  if (ours.sort_order == theirs.sort_order) nothing.sort_order = ours.sort_order;
  std::copy_if(ours.checks.begin(), ours.checks.end(), std::back_inserter(nothing.checks),
               [&](const auto& check) { return std::ranges::count(theirs.checks, check) > 0; });
  return nothing;
}

Result<MergedTable> MergeTable(const MergeMeans& means, const TableVersion& base,
                               const TableVersion& ours, const TableVersion& theirs,
                               const MergeOptions& options, Undefined* undefined) {
  auto nothing = NoTable(*ours.state, *theirs.state);
  TableVersion was{base.state != nullptr ? base.state : &nothing, base.undefined};
  MergedTable merged;
  ColumnMerge columns(means, was, *ours.state, *theirs.state, options.favour);
  ASSIGN_OR_RETURN(auto about, columns.Run(&merged.problems));
  bool same_key = about.schema.same_key;
  if (!same_key && (KnowsKeys(base) || KnowsKeys(ours) || KnowsKeys(theirs))) {
    merged.problems.emplace_back(kKeyOfUnknownRows);
  }
  if (!merged.problems.empty()) return merged;
  auto by_rows = options;
  by_rows.by_key = same_key;
  by_rows.owners = std::move(about.owners);
  ASSIGN_OR_RETURN(auto rows, MergeRows(means.client, means.context, about.schema.state,
                                        {TableSide(*was.state, was.undefined),
                                         TableSide(*ours.state, ours.undefined),
                                         TableSide(*theirs.state, theirs.undefined)},
                                        by_rows, undefined));
  merged.state = std::move(rows.state);
  merged.counts = rows.counts;
  merged.counts.settled += about.settled;
  merged.new_bytes = rows.new_bytes;
  if (rows.counts.conflicts > 0) return merged;
  // What is not known is known by row ids here, and by key from now on.
  bool is_keyed_now = !same_key && !merged.state.key.empty();
  if (is_keyed_now && undefined != nullptr && !undefined->empty()) {
    merged.problems.emplace_back(kKeyOfUnknownRows);
    return merged;
  }
  RETURN_IF_ERROR(CheckConstraints(means, *ours.state, *theirs.state, same_key, &merged));
  return merged;
}

}  // namespace rhizo::merge
