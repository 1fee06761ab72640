#include "merge/row_merge.h"

#include <algorithm>
#include <optional>

#include "merge/entry_merge.h"
#include "merge/interval_merge.h"
#include "merge/key_merge.h"
#include "merge/region_walk.h"
#include "table/entry_edits.h"
#include "tree/cursor.h"
#include "tree/tree.h"

namespace rhizo::merge {
namespace {

class RowMerge {
 public:
  RowMerge(duckdb::ClientContext* client, const table::WriteContext& context,
           const std::array<TableSide, kSides>& sides, const TableMerge& about,
           const model::TableState& ours)
      : client_(client),
        context_(context),
        sides_(sides),
        about_(about),
        out_(context, ours),
        assembler_(client, context, *about.table, &out_) {}

  Result<MergedRows> Run();

 private:
  Status TakeOver(const MergeRegion& region);
  Status Merge(size_t number, const MergeRegion& region);
  Status MergeByRow(size_t number, const MergeRegion& region);
  Status KeepBetween(const std::string* after, const std::string* before);
  bool HasSingleRows(size_t number, const MergeRegion& region) const;
  bool ChangedByBoth(const MergeRegion& region) const;

  duckdb::ClientContext* client_;
  const table::WriteContext& context_;
  const std::array<TableSide, kSides>& sides_;
  const TableMerge& about_;
  table::NewTable out_;
  EntryAssembler assembler_;
  KeyedRows keyed_;
  MergeCounts counts_;
};

Result<MergedRows> RowMerge::Run() {
  ASSIGN_OR_RETURN(auto regions,
                   FindRegions(context_.read, {sides_[kBase].tree_root, sides_[kOurs].tree_root,
                                               sides_[kTheirs].tree_root}));
  std::optional<std::string> end;  // of the region before
  if (about_.by_key) {
    ASSIGN_OR_RETURN(keyed_, MergeMovedKeys(client_, context_, about_, sides_, regions, &counts_));
  }
  for (size_t number = 0; number < regions.size(); ++number) {
    const auto& region = regions[number];
    counts_.entries_read += region.entries[kOurs].size() + region.entries[kTheirs].size();
    bool by_both = HasSingleRows(number, region) || ChangedByBoth(region);
    if (!by_both && region.Same(kTheirs, kBase)) continue;
    auto begin = region.first();
    RETURN_IF_ERROR(KeepBetween(end ? &*end : nullptr, &begin));
    for (const auto& entry : region.entries[kOurs]) out_.Erase(entry.key, entry.entry);
    RETURN_IF_ERROR(by_both ? Merge(number, region) : TakeOver(region));
    end = region.last();
  }
  if (end) RETURN_IF_ERROR(KeepBetween(&*end, nullptr));
  ASSIGN_OR_RETURN(auto written, out_.Finish());
  return MergedRows{std::move(written.state), counts_, written.counts.new_bytes};
}

// Whether something is known of single rows of a region.
bool RowMerge::HasSingleRows(size_t number, const MergeRegion& region) const {
  auto undefined = [](const TableSide& side) {
    return side.undefined != nullptr && !side.undefined->empty();
  };
  // Rows that one side stored may hold, or lack, cells of fields that belong to the other.
  auto foreign = [&](const std::pair<const FieldId, Which>& owned) {
    return !region.Same(owned.second == kOurs ? kTheirs : kOurs, kBase);
  };
  auto has_foreign_default = [&](const auto& field) {
    return !region.Same(field.second.owner == kOurs ? kTheirs : kOurs, kBase);
  };
  // Base's segments may hold what base does not have.
  auto not_known = [&](FieldId id) { return !about_.options->owners.contains(id); };
  bool any_broken = about_.options->broken != nullptr && !about_.options->broken->empty();
  return any_broken || keyed_.regions.contains(number) || std::ranges::any_of(sides_, undefined) ||
         std::ranges::any_of(about_.options->owners, foreign) ||
         std::ranges::any_of(about_.options->not_in_base, not_known) ||
         std::ranges::any_of(about_.options->foreign_defaults, has_foreign_default);
}

// Otherwise it can be taken whole from one side.
bool RowMerge::ChangedByBoth(const MergeRegion& region) const {
  if (region.Same(kOurs, kBase) || region.Same(kTheirs, kBase)) return false;
  if (!region.Same(kOurs, kTheirs)) return true;
  bool counts_changes =
      std::any_of(about_.rules.begin(), about_.rules.end(), [](const MergeRule& rule) {
        return rule.kind == RuleKind::kAdd || rule.kind == RuleKind::kMultiply;
      });
  return counts_changes || about_.options->mode == MergeMode::kCommit;
}

// By fields if rows and fields allow it: no cell was changed by both, nor any that decides another.
Status RowMerge::Merge(size_t number, const MergeRegion& region) {
  bool decides_another = about_.row_is_unit || std::ranges::any_of(about_.rules, [](auto& rule) {
                           return rule.kind == RuleKind::kLatest;
                         });
  if (decides_another || HasSingleRows(number, region)) return MergeByRow(number, region);
  auto merged = MergePatches(region, about_.table->schema());
  if (!merged) return MergeByRow(number, region);
  for (auto& entry : *merged) RETURN_IF_ERROR(out_.Put(std::move(entry)));
  return {};
}

// Only theirs changed it (or both in the same way).
Status RowMerge::TakeOver(const MergeRegion& region) {
  for (const auto& entry : region.entries[kTheirs]) {
    RETURN_IF_ERROR(out_.Put(entry.entry));
  }
  return {};
}

// Entries of ours between two regions stay; those beside a region may belong to what comes out of
// it. Null: there is no region on that side.
Status RowMerge::KeepBetween(const std::string* after, const std::string* before) {
  auto keep = [&](const tree::Cursor& at) -> Status {
    ASSIGN_OR_RETURN(auto entry, model::DecodeSegmentEntry(at.value()));
    return out_.Keep(std::string(at.key()), entry);
  };
  tree::Cursor first(context_.read.small, sides_[kOurs].tree_root);
  if (after != nullptr) {
    RETURN_IF_ERROR(first.Seek(*after));
    if (first.Valid() && first.key() == *after) RETURN_IF_ERROR(first.Next());
    bool any = first.Valid() && (before == nullptr || first.key() < *before);
    if (!any) return {};
    RETURN_IF_ERROR(keep(first));
  }
  if (before == nullptr) return out_.SkipEntries();
  tree::Cursor last(context_.read.small, sides_[kOurs].tree_root);
  RETURN_IF_ERROR(last.SeekAtOrBefore(*before));
  if (last.Valid() && last.key() == *before) RETURN_IF_ERROR(last.Prev());
  bool is_first = after != nullptr && last.Valid() && last.key() == first.key();
  if (is_first) return {};
  RETURN_IF_ERROR(out_.SkipEntries());
  return last.Valid() ? keep(last) : Status();
}

// Goes through the places of a region with all three sides at once.
Status RowMerge::MergeByRow(size_t number, const MergeRegion& region) {
  ++counts_.regions_by_row;
  std::vector<Side> sides;
  for (size_t side = 0; side < kSides; ++side) {
    ASSIGN_OR_RETURN(auto loaded, Side::Load(client_, *about_.table, region.entries[side],
                                             keyed_.masks[side], sides_[side].undefined));
    sides.push_back(std::move(loaded));
  }
  RegionConflicts found{
      about_.table->schema(), {&sides[kBase], &sides[kOurs], &sides[kTheirs]}, {}};
  auto settled = keyed_.pieces.find(number);
  std::vector<Piece> none;
  auto& pieces = settled == keyed_.pieces.end() ? none : settled->second;
  std::vector<model::Place> stops;
  for (const auto& piece : pieces) stops.push_back(piece.first);
  size_t next = 0;
  auto add_before = [&](const model::Place* place) -> Status {
    while (next < pieces.size() && (place == nullptr || pieces[next].first <= *place)) {
      RETURN_IF_ERROR(assembler_.Add(std::move(pieces[next++])));
    }
    return {};
  };
  RegionWalk walk(found.sides, stops);
  while (auto interval = walk.Next()) {
    RETURN_IF_ERROR(add_before(&interval->first));
    IntervalMerge merge(about_, found.sides, interval->first, interval->count, interval->views);
    ASSIGN_OR_RETURN(auto merged, merge.Run());
    for (auto& piece : merged) RETURN_IF_ERROR(assembler_.Add(std::move(piece)));
    merge.Count(&counts_);
    auto& conflicts = merge.conflicts();
    found.conflicts.insert(found.conflicts.end(), conflicts.begin(), conflicts.end());
  }
  RETURN_IF_ERROR(add_before(nullptr));
  RETURN_IF_ERROR(assembler_.Flush());
  if (found.conflicts.empty() || !about_.options->on_conflicts) return {};
  return about_.options->on_conflicts(found);
}

}  // namespace

Result<MergedRows> MergeRows(duckdb::ClientContext* client, const table::WriteContext& context,
                             const model::TableState& merged,
                             const std::array<TableSide, kSides>& sides,
                             const MergeOptions& options, Undefined* undefined) {
  ASSIGN_OR_RETURN(auto table,
                   table::OpenTable::Open(context.read, ObjectId(),
                                          std::make_shared<const model::TableState>(merged)));
  TableMerge about{.table = table.get(),
                   .rules = {},
                   .by_key = options.by_key && !merged.key.empty(),
                   .delete_wins = merged.delete_wins && options.rules_decide,
                   .row_is_unit = merged.merge_row,
                   .options = &options,
                   .undefined = undefined};
  for (const auto& field : merged.schema.fields) {
    ASSIGN_OR_RETURN(auto rule, ParseRule(field.merge_rule));
    bool decides = options.rules_decide && !options.by_value.contains(field.id);
    about.rules.push_back(decides ? rule : MergeRule());
  }
  auto ours = merged;
  ours.tree_root = sides[kOurs].tree_root;
  ours.rows = sides[kOurs].rows;
  ours.entries = sides[kOurs].entries;
  ours.bytes = sides[kOurs].bytes;
  return RowMerge(client, context, sides, about, ours).Run();
}

}  // namespace rhizo::merge
