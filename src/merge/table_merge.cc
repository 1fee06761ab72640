#include "merge/table_merge.h"

#include <algorithm>

#include "engine/types.h"
#include "merge/constraint_check.h"
#include "merge/dropped_columns.h"
#include "table/refit_default.h"
#include "table/single_value.h"

namespace rhizo::merge {
namespace {

// Columns, key and policies of what comes out.
struct MergedColumns {
  MergedSchema schema;
  std::map<FieldId, Which> owners;
  std::set<FieldId> not_in_base;
  std::map<FieldId, ForeignDefault> foreign_defaults;
};

// Puts the columns together; what contradicts is added to `problems`.
class ColumnMerge {
 public:
  // `base` is there, perhaps without rows.
  ColumnMerge(const MergeMeans& means, const TableVersion& base, model::TableState ours,
              model::TableState theirs, Favour favour)
      : means_(means),
        base_(base),
        ours_(std::move(ours)),
        theirs_(std::move(theirs)),
        favour_(favour) {}

  Result<MergedColumns> Run(std::vector<std::string>* problems) {
    problems_ = problems;
    RETURN_IF_ERROR(MergeColumns());
    if (problems->empty() && favour_ != Favour::kNobody) {
      ASSIGN_OR_RETURN(bool widened, Widen());
      if (widened) RETURN_IF_ERROR(MergeColumns());
    }
    if (problems->empty()) RETURN_IF_ERROR(CheckStored());
    FindOwners();
    out_.schema.settled.insert(out_.schema.settled.end(), widened_.begin(), widened_.end());
    if (favour_ != Favour::kNobody) RETURN_IF_ERROR(FindForeignDefaults());
    return std::move(out_);
  }

 private:
  Status MergeColumns() {
    Merge(ours_, theirs_);
    return problems_->empty() ? MergeDropped() : Status();
  }

  // Where rows were stored in a wider type than the other side made the column, it stays as wide.
  Result<bool> Widen() {
    for (auto [side, other] : {std::pair(&ours_, &theirs_), {&theirs_, &ours_}}) {
      ASSIGN_OR_RETURN(auto wider,
                       FindWider(means_, *base_.state, *side, out_.schema.state.schema));
      for (auto& found : wider) {
        auto& fields = other->schema.fields;
        auto field = std::ranges::find(fields, found.id, &model::Field::id);
        if (!found.type || field == fields.end()) continue;
        if (!table::BecomeType(&*field, *found.type)) continue;
        widened_.push_back(found.problem + "; it stays as wide");
      }
    }
    return !widened_.empty();
  }

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
    if (favour_ == Favour::kNobody) {
      for (const auto& field : here) problems_->push_back(field.problem);
      for (const auto& field : there) problems_->push_back(field.problem);
    } else if (favour_ == Favour::kOurs && !there.empty()) {
      Merge(ours_, Undropped(theirs_, *base_.state, there));
    } else if (favour_ == Favour::kTheirs && !here.empty()) {
      Merge(Undropped(ours_, *base_.state, here), theirs_);
    }
    for (auto* fields : {&here, &there}) {
      if (favour_ == Favour::kNobody) break;
      for (auto& field : *fields) out_.schema.settled.push_back(std::move(field.problem));
    }
    RETURN_IF_ERROR(FindInnerDropped(means_, base_, ours_, theirs_, "here",
                                     favour_ == Favour::kOurs, problems_));
    return FindInnerDropped(means_, base_, theirs_, ours_, "there", favour_ == Favour::kTheirs,
                            problems_);
  }

  // Of two columns that were added with different defaults.
  Status FindForeignDefaults() {
    Which owner = favour_ == Favour::kOurs ? kOurs : kTheirs;
    const auto& other = owner == kOurs ? theirs_ : ours_;
    for (const auto& field : out_.schema.state.schema.fields) {
      const auto* theirs = other.schema.FindId(field.id);
      if (theirs == nullptr || base_.state->schema.FindId(field.id) != nullptr) continue;
      ASSIGN_OR_RETURN(auto merged, table::DecodeDefault(field.type, field.first_default));
      ASSIGN_OR_RETURN(auto foreign, table::DecodeDefault(theirs->type, theirs->first_default));
      duckdb::Value value;
      std::string error;
      bool fits = foreign.DefaultTryCastAs(engine::ToLogicalType(field.type), value, &error);
      if (!fits || duckdb::Value::NotDistinctFrom(merged, value)) continue;
      out_.foreign_defaults[field.id] = {owner, value};
    }
    return {};
  }

  Status CheckStored() {
    const auto& was = *base_.state;
    const auto& columns = out_.schema.state.schema;
    for (const auto* side : {&ours_, &theirs_}) {
      ASSIGN_OR_RETURN(auto wider, FindWider(means_, was, *side, columns));
      for (auto& field : wider) problems_->push_back(std::move(field.problem));
    }
    RETURN_IF_ERROR(FindInnerKept(was, ours_, columns, problems_));
    RETURN_IF_ERROR(FindInnerKept(was, theirs_, columns, problems_));
    if (!problems_->empty()) return {};
    FindInnerComingBack(was, theirs_, ours_, columns, problems_);
    FindInnerComingBack(was, ours_, theirs_, columns, problems_);
    return {};
  }

  // What one side dropped, or goes back to before, and the merge has belongs to the other, whatever
  // rows hold of it. (What was not there yet is read as its default, as ever.)
  void FindOwners() {
    for (const auto& field : out_.schema.state.schema.fields) {
      bool was_known = WasUsed(*base_.state, field.id);
      auto lacks = [&](const model::TableState& side) {
        return side.schema.FindId(field.id) == nullptr && (was_known || WasUsed(side, field.id));
      };
      if (lacks(ours_)) out_.owners[field.id] = kTheirs;
      if (lacks(theirs_)) out_.owners[field.id] = kOurs;
      bool is_in_base = base_.state->schema.FindId(field.id) != nullptr;
      if (was_known && !is_in_base) out_.not_in_base.insert(field.id);
    }
  }

  const MergeMeans& means_;
  const TableVersion& base_;
  model::TableState ours_;
  model::TableState theirs_;
  const Favour favour_;
  std::vector<std::string>* problems_ = nullptr;
  std::vector<std::string> widened_;
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
  ColumnMerge columns(means, was, *ours.state, *theirs.state, options.FavourOfColumns());
  ASSIGN_OR_RETURN(auto about, columns.Run(&merged.problems));
  bool same_key = about.schema.same_key;
  if (!same_key && (KnowsKeys(base) || KnowsKeys(ours) || KnowsKeys(theirs))) {
    merged.problems.emplace_back(kKeyOfUnknownRows);
  }
  if (!merged.problems.empty()) return merged;
  auto by_rows = options;
  by_rows.by_key = same_key;
  by_rows.owners = std::move(about.owners);
  by_rows.not_in_base = std::move(about.not_in_base);
  by_rows.foreign_defaults = std::move(about.foreign_defaults);
  const std::array sides{TableSide(*was.state, was.undefined),
                         TableSide(*ours.state, ours.undefined),
                         TableSide(*theirs.state, theirs.undefined)};
  bool has_choices = options.choices != nullptr && !options.choices->empty();
  ASSIGN_OR_RETURN(auto checks, FitChecks(means, *ours.state, *theirs.state,
                                          options.FavourOfColumns(), &about.schema.state));
  merged.told = std::move(about.schema.settled);
  merged.told.insert(merged.told.end(), checks.left_out.begin(), checks.left_out.end());
  std::set<model::RowId> broken;
  by_rows.broken = &broken;
  std::set<model::RowId> unsettled;
  by_rows.unsettled = &unsettled;
  while (true) {
    ASSIGN_OR_RETURN(auto rows, MergeRows(means.client, means.context, about.schema.state, sides,
                                          by_rows, undefined));
    merged.state = std::move(rows.state);
    merged.counts = rows.counts;
    merged.counts.settled += merged.told.size();
    merged.new_bytes = rows.new_bytes;
    if (rows.counts.conflicts > 0) return merged;
    // What is not known is known by row ids here, and by key from now on.
    bool is_keyed_now = !same_key && !merged.state.key.empty();
    if (is_keyed_now && undefined != nullptr && !undefined->empty()) {
      merged.problems.emplace_back(kKeyOfUnknownRows);
      return merged;
    }
    ASSIGN_OR_RETURN(auto violations,
                     CheckConstraints(means, *was.state, *ours.state, *theirs.state, merged.state,
                                      checks, same_key, has_choices));
    merged.problems = std::move(violations.problems);
    if (violations.none()) {
      for (const auto& note : merged.notes) {
        merged.told.push_back(note + "; the row is as one side has it, or not there");
      }
    }
    if (violations.none() || !merged.problems.empty()) return merged;
    merged.notes = violations.notes;
    size_t known = broken.size();
    broken.merge(violations.rows);
    // Single rows contradict, so that they can be settled; but a side's own row may break it too.
    bool can_be_settled = options.mode == MergeMode::kBranch && broken.size() > known;
    // What is left are rows that were settled, by a row that breaks something too.
    for (const auto& row : violations.rows) {
      if (options.ChoiceOf(row, kConstraintChoice) == nullptr) continue;
      can_be_settled |= unsettled.insert(row).second;
    }
    if (can_be_settled) continue;
    merged.is_beyond_favour = known > 0;
    merged.problems = std::move(merged.notes);
    return merged;
  }
}

}  // namespace rhizo::merge
