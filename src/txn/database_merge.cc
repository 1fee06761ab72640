#include "txn/database_merge.h"

#include <algorithm>

#include "base/name.h"
#include "model/schema.h"
#include "table/fingerprint.h"
#include "table/row_diff.h"
#include "tree/diff.h"
#include "txn/staged_state.h"

namespace rhizo::txn {
namespace {

using merge::Favour;
using merge::kBase;
using merge::kOurs;
using merge::kSides;
using merge::kTheirs;
using merge::Which;

bool SameEntry(const std::optional<NamedTable>& a, const std::optional<NamedTable>& b) {
  if (!a || !b) return !a && !b;
  return a->name == b->name && a->entry == b->entry;
}

const model::TableState& LowerOf(const model::TableState& a, const model::TableState& b) {
  return model::Encode(b) < model::Encode(a) ? b : a;
}

bool CountsChanges(const model::Schema& schema) {
  return std::any_of(schema.fields.begin(), schema.fields.end(), [](const auto& field) {
    return field.merge_rule == "add" || field.merge_rule == "multiply";
  });
}

}  // namespace

PlacedTable PlacedByMerge(const TableId& id, std::optional<NamedTable> before,
                          std::optional<model::QualifiedName> name, const ObjectId& state_id) {
  PlacedTable placed{id, std::move(before), std::move(name), {}, state_id, {}};
  placed.summary.table = id;
  placed.summary.kind = model::ChangeKind::kMerge;
  if (placed.name) {
    placed.summary.name = placed.name->ToString();
  } else if (placed.before) {
    placed.summary.name = placed.before->name.ToString();
  }
  return placed;
}

Result<DatabaseMerge::Found> DatabaseMerge::Collect() const {
  Found found;
  auto visit = [&](const tree::ThreeWayEntry& entry) -> Status {
    ASSIGN_OR_RETURN(auto key, model::DecodeStateKey(entry.key));
    const std::optional<std::string_view> values[kSides] = {entry.base, entry.ours, entry.theirs};
    for (size_t side = 0; side < kSides; ++side) {
      if (!values[side]) continue;
      if (key.kind != model::StateKind::kTable) {
        found.others[std::string(entry.key)][side] = std::string(*values[side]);
        continue;
      }
      ASSIGN_OR_RETURN(auto state, model::DecodeStateEntry(*values[side]));
      found.tables[state.table][side] = NamedTable{key.qualified_name(), state};
    }
    return {};
  };
  auto tree = [&](const MergeState& state) {
    return tree::Tree(means_.context.read.small, state.root);
  };
  RETURN_IF_ERROR(tree::ThreeWay(tree(*base_), tree(*ours_), tree(*theirs_), visit));
  return found;
}

Result<model::TableState> DatabaseMerge::ReadState(const NamedTable& table) const {
  ASSIGN_OR_RETURN(auto bytes, means_.context.read.small->Read(table.entry.state));
  return model::DecodeTableState(*bytes);
}

Result<std::shared_ptr<const table::OpenTable>> DatabaseMerge::Open(
    const model::TableState& state) const {
  return table::OpenTable::Open(means_.context.read, ObjectId(),
                                std::make_shared<const model::TableState>(state));
}

Favour DatabaseMerge::FavourOf(const std::string& name) const {
  auto found = options_.by_table.find(name);
  return found == options_.by_table.end() ? options_.favour : found->second;
}

merge::MergeOptions DatabaseMerge::OptionsFor(const std::string& name,
                                              const model::Schema& schema) const {
  merge::MergeOptions options;
  options.mode = options_.mode;
  options.favour = FavourOf(name);
  if (auto found = options_.choices.find(name); found != options_.choices.end()) {
    options.choices = &found->second;
  }
  for (const auto& field : schema.fields) {
    auto found = options_.by_column.find({name, field.name});
    if (found != options_.by_column.end()) options.by_field[field.id] = found->second;
  }
  return options;
}

void DatabaseMerge::Contradict(const TableId& id, const std::string& name, uint64_t rows,
                               std::vector<std::string> problems) {
  out_.conflicts.push_back({id, name, rows, std::move(problems)});
}

Result<MergedDatabase> DatabaseMerge::Run(const MergeState& base, const MergeState& ours,
                                          const MergeState& theirs, MergeState* undefined) {
  base_ = &base;
  ours_ = &ours;
  theirs_ = &theirs;
  undefined_ = undefined;
  out_ = {};
  ASSIGN_OR_RETURN(auto found, Collect());
  for (const auto& [id, sides] : found.tables) RETURN_IF_ERROR(MergeTable(id, sides));
  RETURN_IF_ERROR(SettleNames(found));
  std::vector<tree::Edit> edits;
  RETURN_IF_ERROR(MergeOthers(found, &edits));
  ASSIGN_OR_RETURN(out_.root, ApplyTables(means_.context.staging, ours.root, out_.tables));
  if (!edits.empty()) {
    ASSIGN_OR_RETURN(auto root, tree::Apply(means_.context.staging, out_.root, std::move(edits)));
    out_.root = root.count == 0 ? ObjectId() : root.id;
  }
  return std::move(out_);
}

void DatabaseMerge::Place(const TableId& id, const Sides& sides,
                          std::optional<model::QualifiedName> name, const model::TableState* state,
                          const ObjectId& state_id) {
  auto placed = PlacedByMerge(id, sides[kOurs], std::move(name), state_id);
  if (state != nullptr) placed.state = *state;
  bool as_in_ours = sides[kOurs] ? placed.name == sides[kOurs]->name &&
                                       placed.state_id == sides[kOurs]->entry.state
                                 : !placed.name;
  if (as_in_ours) return;
  out_.tables.push_back(std::move(placed));
}

// A table that one side has no more: it goes, unless the other changed it.
Status DatabaseMerge::MergeDropped(const TableId& id, const Sides& sides) {
  Which left = sides[kOurs] ? kOurs : kTheirs;
  if (!BaseIsUndefined(id) && SameEntry(sides[left], sides[kBase])) {
    Place(id, sides, std::nullopt, nullptr, {});
    return {};
  }
  const auto& name = sides[left]->name.ToString();
  auto favour = FavourOf(name);
  if (is_virtual()) {
    undefined_->undefined_tables.insert(id);
  } else if (favour == Favour::kNobody) {
    Contradict(id, name, 0, {"the table was dropped on one side and changed on the other"});
    return {};
  }
  bool keep = is_virtual() || (favour == Favour::kOurs) == (left == kOurs);
  if (!keep) {
    Place(id, sides, std::nullopt, nullptr, {});
    return {};
  }
  ASSIGN_OR_RETURN(auto state, ReadState(*sides[left]));
  Place(id, sides, sides[left]->name, &state, sides[left]->entry.state);
  return {};
}

std::optional<model::QualifiedName> DatabaseMerge::MergeNames(const TableId& id,
                                                              const Sides& sides) {
  const auto& ours = sides[kOurs]->name;
  const auto& theirs = sides[kTheirs]->name;
  bool is_known = sides[kBase] && !base_->undefined_tables.contains(id);
  if (ours == theirs || (is_known && theirs == sides[kBase]->name)) return ours;
  if (is_known && ours == sides[kBase]->name) return theirs;
  if (is_virtual()) {
    undefined_->undefined_tables.insert(id);
    return std::min(ours, theirs);
  }
  auto favour = FavourOf(ours.ToString());
  if (favour != Favour::kNobody) return favour == Favour::kOurs ? ours : theirs;
  Contradict(id, ours.ToString(), 0,
             {"the table was renamed to \"" + ours.ToString() + "\" here and to \"" +
              theirs.ToString() + "\" there"});
  return std::nullopt;
}

Status DatabaseMerge::MergeTable(const TableId& id, const Sides& sides) {
  const auto& base = sides[kBase];
  const auto& ours = sides[kOurs];
  const auto& theirs = sides[kTheirs];
  bool base_is_undefined = BaseIsUndefined(id);
  if (!base_is_undefined && SameEntry(theirs, base)) return {};
  if (!ours && !theirs) return {};
  if (!base_is_undefined && SameEntry(ours, base)) {
    if (!theirs) {
      Place(id, sides, std::nullopt, nullptr, {});
      return {};
    }
    ASSIGN_OR_RETURN(auto state, ReadState(*theirs));
    Place(id, sides, theirs->name, &state, theirs->entry.state);
    return {};
  }
  if (!ours || !theirs) return MergeDropped(id, sides);
  auto name = MergeNames(id, sides);
  if (!name) return {};
  ASSIGN_OR_RETURN(auto merged, MergeStates(id, sides, ours->name.ToString()));
  if (!merged) return {};
  auto state_id = means_.context.staging->Add(model::Encode(*merged));
  Place(id, sides, *name, &*merged, state_id);
  return {};
}

// Nothing: it contradicts.
Result<std::optional<model::TableState>> DatabaseMerge::MergeStates(const TableId& id,
                                                                    const Sides& sides,
                                                                    const std::string& name) {
  ASSIGN_OR_RETURN(auto ours, ReadState(*sides[kOurs]));
  ASSIGN_OR_RETURN(auto theirs, ReadState(*sides[kTheirs]));
  bool base_is_known = sides[kBase] && !BaseIsUndefined(id);
  if (base_is_known && sides[kTheirs]->entry == sides[kBase]->entry) return std::optional(ours);
  if (base_is_known && sides[kOurs]->entry == sides[kBase]->entry) return std::optional(theirs);
  bool base_is_undefined = base_->undefined_tables.contains(id);
  bool may_take = options_.mode != merge::MergeMode::kCommit && !CountsChanges(ours.schema);
  if (ours == theirs && (may_take || base_is_undefined)) return std::optional(ours);
  auto options = OptionsFor(name, ours.schema);
  auto settle = [&](std::vector<std::string> problems) -> std::optional<model::TableState> {
    if (is_virtual()) {
      undefined_->undefined_tables.insert(id);
      return LowerOf(ours, theirs);
    }
    if (options.favour == Favour::kOurs) return ours;
    if (options.favour == Favour::kTheirs) return theirs;
    Contradict(id, name, 0, std::move(problems));
    return std::nullopt;
  };
  if (base_is_undefined) {
    return settle({"what both started from contradicted itself in this table"});
  }
  if (auto twice = replaced_.counted_twice.find(id); twice != replaced_.counted_twice.end()) {
    return settle({twice->second});
  }
  ASSIGN_OR_RETURN(bool replaced, ReplacementContradicts(id, sides, ours, theirs));
  if (replaced) {
    ASSIGN_OR_RETURN(bool same, SameRows(ours, theirs));
    if (same) return std::optional(LowerOf(ours, theirs));
    if (options.favour != Favour::kNobody) out_.settled_replacements[id] = name;
    return settle({"one side replaced the table's rows as a whole, and the other changed them"});
  }
  std::optional<model::TableState> was;
  if (sides[kBase]) {
    ASSIGN_OR_RETURN(was, ReadState(*sides[kBase]));
  }
  model::Schema merged_schema;
  if (options_.on_conflicts) {
    merged_schema =
        merge::MergeSchemas(was ? *was : merge::NoTable(ours, theirs), ours, theirs, options.favour)
            .state.schema;
    options.on_conflicts = [&](merge::RegionConflicts& region) {
      return options_.on_conflicts(name, merged_schema, region);
    };
  }
  auto undefined_in = [&](const MergeState& state) -> const merge::Undefined* {
    auto found = state.undefined.find(id);
    return found == state.undefined.end() ? nullptr : &found->second;
  };
  merge::Undefined* undecided = is_virtual() ? &undefined_->undefined[id] : nullptr;
  ASSIGN_OR_RETURN(auto merged,
                   merge::MergeTable(means_, {was ? &*was : nullptr, undefined_in(*base_)},
                                     {&ours, undefined_in(*ours_)},
                                     {&theirs, undefined_in(*theirs_)}, options, undecided));
  if (!merged.problems.empty()) return settle(merged.problems);
  out_.merged.push_back({id, name, merged.counts});
  if (merged.counts.conflicts > 0) {
    Contradict(id, name, merged.counts.conflicts, {});
    return std::optional<model::TableState>();
  }
  return std::optional(std::move(merged.state));
}

// Equal columns, key and rows.
Result<bool> DatabaseMerge::SameRows(const model::TableState& ours,
                                     const model::TableState& theirs) const {
  bool may_be = model::SameShape(ours.schema, theirs.schema) && ours.rows == theirs.rows &&
                ours.key.size() == theirs.key.size();
  if (!may_be) return false;
  auto sum = [&](const model::TableState& state) -> Result<table::Sum128> {
    ASSIGN_OR_RETURN(auto table, Open(state));
    return table::Fingerprint(means_.context, *table);
  };
  ASSIGN_OR_RETURN(auto our_sum, sum(ours));
  ASSIGN_OR_RETURN(auto their_sum, sum(theirs));
  return our_sum == their_sum;
}

// Whether base says nothing of the table, or not everything.
bool DatabaseMerge::BaseIsUndefined(const TableId& id) const {
  auto found = base_->undefined.find(id);
  return base_->undefined_tables.contains(id) ||
         (found != base_->undefined.end() && !found->second.empty());
}

// Whether a side changed rows, the way they are stored aside.
Result<bool> DatabaseMerge::ChangedRows(const TableId& id, const Sides& sides, Which side) {
  if (!sides[kBase] || BaseIsUndefined(id)) return true;
  ASSIGN_OR_RETURN(auto old_state, ReadState(*sides[kBase]));
  ASSIGN_OR_RETURN(auto new_state, ReadState(*sides[side]));
  ASSIGN_OR_RETURN(auto before, Open(old_state));
  ASSIGN_OR_RETURN(auto after, Open(new_state));
  if (before->schema() != after->schema()) return true;
  ASSIGN_OR_RETURN(auto diff, table::RowDiff::Open(means_.client, before, after));
  ASSIGN_OR_RETURN(auto first, diff.Next());
  return first.has_value();
}

Result<bool> DatabaseMerge::ReplacementContradicts(const TableId& id, const Sides& sides,
                                                   const model::TableState& ours,
                                                   const model::TableState& theirs) {
  bool by_ours = replaced_.by_ours.contains(id);
  bool by_theirs = replaced_.by_theirs.contains(id);
  if (!by_ours && !by_theirs) return false;
  if (ours == theirs) return false;
  bool contradicts = false;
  if (by_ours) {
    ASSIGN_OR_RETURN(contradicts, ChangedRows(id, sides, kTheirs));
  }
  if (by_theirs && !contradicts) {
    ASSIGN_OR_RETURN(contradicts, ChangedRows(id, sides, kOurs));
  }
  return contradicts;
}

// The table of ours that has the name (up to case) which another table is to have.
Result<std::optional<NamedTable>> DatabaseMerge::FindTaken(const PlacedTable& placed,
                                                           const LeavingTables& leaving) {
  auto* reader = means_.context.read.small;
  auto stays = [&](const std::optional<model::StateEntry>& entry) {
    return entry && entry->table != placed.id && !leaving.contains(entry->table);
  };
  ASSIGN_OR_RETURN(auto exact, FindState(reader, ours_->root, *placed.name));
  if (stays(exact)) return std::optional(NamedTable{*placed.name, *exact});
  bool is_published = means_.context.staging->Find(ours_->root) == nullptr;
  auto& names = is_published ? *repository_.names() : own_names_;
  ASSIGN_OR_RETURN(auto twin, names.FindTwin(reader, ours_->root, *placed.name));
  if (!twin) return std::optional<NamedTable>();
  ASSIGN_OR_RETURN(auto entry, FindState(reader, ours_->root, *twin));
  return stays(entry) ? std::optional(NamedTable{*twin, *entry}) : std::nullopt;
}

// Both sides made a table of that name: which one stays. Nothing: they contradict.
Result<std::optional<Which>> DatabaseMerge::SettleName(const PlacedTable& placed,
                                                       const NamedTable& taken) {
  ASSIGN_OR_RETURN(auto theirs, ReadState({*placed.name, {placed.id, placed.state_id}}));
  ASSIGN_OR_RETURN(auto ours, ReadState(taken));
  bool same = taken.name == *placed.name;
  if (same) {
    ASSIGN_OR_RETURN(same, SameRows(ours, theirs));
  }
  if (same) return std::optional(taken.entry.table < placed.id ? kOurs : kTheirs);
  if (is_virtual()) {
    undefined_->undefined_tables.insert({placed.id, taken.entry.table});
    return std::optional(kOurs);
  }
  auto favour = FavourOf(placed.name->ToString());
  if (favour != Favour::kNobody) {
    return std::optional(favour == Favour::kOurs ? kOurs : kTheirs);
  }
  Contradict(placed.id, placed.name->ToString(), 0,
             {"both sides made a table called \"" + taken.name.ToString() + "\""});
  return std::optional<Which>();
}

void DatabaseMerge::MakeWay(const Found& found, const NamedTable& taken) {
  const auto& id = taken.entry.table;
  std::optional<model::QualifiedName> name;
  auto sides = found.tables.find(id);
  bool has_another = sides != found.tables.end() && sides->second[kTheirs] &&
                     sides->second[kTheirs]->name != taken.name;
  if (has_another) name = sides->second[kTheirs]->name;
  auto state_id = name ? taken.entry.state : ObjectId();
  std::erase_if(out_.tables, [&](const auto& placed) {
    if (placed.id != id) return false;
    if (name) state_id = placed.state_id;
    return true;
  });
  out_.tables.push_back(PlacedByMerge(id, taken, name, state_id));
}

// No two tables may have one name, also up to case.
Status DatabaseMerge::SettleNames(const Found& found) {
  LeavingTables leaving;
  for (const auto& placed : out_.tables) {
    if (placed.before && placed.before->name != placed.name) leaving.insert(placed.id);
  }
  std::set<std::string> named;
  std::set<TableId> not_needed;
  std::vector<NamedTable> in_the_way;
  for (const auto& placed : out_.tables) {
    if (!placed.name || (placed.before && placed.before->name == *placed.name)) continue;
    if (!named.insert(FoldName(placed.name->ToString())).second) {
      if (is_virtual()) {
        undefined_->undefined_tables.insert(placed.id);
        continue;
      }
      Contradict(placed.id, placed.name->ToString(), 0,
                 {"two tables would be called \"" + placed.name->ToString() + "\""});
      continue;
    }
    ASSIGN_OR_RETURN(auto taken, FindTaken(placed, leaving));
    if (!taken) continue;
    ASSIGN_OR_RETURN(auto stays, SettleName(placed, *taken));
    if (stays == kOurs) not_needed.insert(placed.id);
    if (stays == kTheirs) {
      leaving.insert(taken->entry.table);
      in_the_way.push_back(*taken);
    }
  }
  for (auto& placed : out_.tables) {
    if (!not_needed.contains(placed.id) || !placed.before) continue;
    placed = PlacedByMerge(placed.id, placed.before, placed.before->name, placed.state_id);
  }
  std::erase_if(out_.tables, [&](const auto& placed) {
    if (!not_needed.contains(placed.id)) return false;
    return !placed.before || placed.state_id == placed.before->entry.state;
  });
  for (const auto& taken : in_the_way) MakeWay(found, taken);
  return {};
}

// Views, macros and comments: what one side changed is taken.
Status DatabaseMerge::MergeOthers(const Found& found, std::vector<tree::Edit>* edits) {
  for (const auto& [key, sides] : found.others) {
    const auto& [base, ours, theirs] = sides;
    if (theirs == base || ours == theirs) continue;
    auto favour = options_.favour;
    if (ours == base || favour == Favour::kTheirs || (is_virtual() && theirs < ours)) {
      edits->push_back({key, theirs, theirs ? uint64_t{1} : uint64_t{0}});
      continue;
    }
    if (is_virtual() || favour == Favour::kOurs) continue;
    ASSIGN_OR_RETURN(auto name, model::DecodeStateKey(key));
    Contradict({}, name.qualified_name().ToString(), 0, {"both sides changed it differently"});
  }
  return {};
}

}  // namespace rhizo::txn
