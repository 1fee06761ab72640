#include "txn/state_merge.h"

#include "table/each_entry.h"
#include "table/redraw_digits.h"
#include "table/row_name.h"

namespace rhizo::txn {
namespace {

constexpr size_t kNamedConflicts = 3;

// The first of what contradicts, in words.
class FirstConflicts {
 public:
  FirstConflicts(const model::Schema& schema, const std::vector<FieldId>& key)
      : schema_(schema), key_(key) {}

  Status Add(merge::RegionConflicts& region) {
    for (const auto& conflict : region.conflicts) {
      if (named_ == kNamedConflicts) return {};
      ASSIGN_OR_RETURN(auto row, RowName(region, conflict));
      text_ += named_++ == 0 ? "" : "; ";
      if (conflict.field) text_ += "column \"" + schema_.fields[*conflict.field].name + "\" of ";
      text_ += row;
      if (!conflict.field) text_ += " (" + std::string(merge::ReasonName(conflict.reason)) + ")";
    }
    return {};
  }

  std::string Text(uint64_t all) const {
    if (all <= named_) return text_;
    std::string count = std::to_string(all) + " cells or rows";
    return named_ == 0 ? count : count + ", among them " + text_;
  }

 private:
  // By its key, else by its row id.
  Result<std::string> RowName(merge::RegionConflicts& region, const merge::RowConflict& conflict) {
    for (auto side : {merge::kOurs, merge::kTheirs, merge::kBase}) {
      if (key_.empty() || !conflict.rows[side]) continue;
      ASSIGN_OR_RETURN(auto* rows, region.sides[side]->rows());
      return table::RowName(schema_, key_, rows, *conflict.rows[side]);
    }
    return "row " + duckdb::Value::BLOB_RAW(conflict.row.ToBytes()).ToString();
  }

  const model::Schema& schema_;
  const std::vector<FieldId>& key_;
  size_t named_ = 0;
  std::string text_;
};

}  // namespace

Result<StateOnState> PlaceOnState(const table::WriteContext& context,
                                  const merge::BindChecks& bind_checks,
                                  const model::TableState& was, const model::TableState& own,
                                  const model::TableState& onto, bool rules_decide) {
  ASSIGN_OR_RETURN(auto redrawn, table::RedrawDigits(context, was, own, onto));
  merge::MergeMeans means{nullptr, context, bind_checks};
  table::Link link;
  RETURN_IF_ERROR(link.Open(context.engine));
  means.client = link.client();
  merge::MergeOptions options;
  options.mode = merge::MergeMode::kCommit;
  options.rules_decide = rules_decide;
  const auto schema = merge::MergeSchemas(was, redrawn, onto, merge::Favour::kNobody).state;
  FirstConflicts first(schema.schema, schema.key);
  options.on_conflicts = [&](merge::RegionConflicts& region) { return first.Add(region); };
  ASSIGN_OR_RETURN(auto merged, merge::MergeTable(means, {&was, nullptr}, {&redrawn, nullptr},
                                                  {&onto, nullptr}, options));
  StateOnState placed;
  if (!merged.problems.empty()) {
    placed.contradiction = merged.problems.front();
  } else if (merged.counts.conflicts > 0) {
    placed.contradiction = first.Text(merged.counts.conflicts);
  } else {
    placed.state = std::move(merged.state);
  }
  return placed;
}

}  // namespace rhizo::txn
