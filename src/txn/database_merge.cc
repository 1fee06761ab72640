#include "txn/database_merge.h"

#include <algorithm>

#include "engine/types.h"
#include "merge/rule_settings.h"
#include "model/attributes.h"
#include "model/held_type.h"
#include "model/schema.h"
#include "table/fingerprint.h"
#include "table/single_value.h"
#include "tree/diff.h"
#include "txn/same_contents.h"
#include "txn/shared_changes.h"
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

bool Counts(const model::Field& field) {
  return field.merge_rule == "add" || field.merge_rule == "multiply";
}

bool CountsChanges(const model::Schema& schema) {
  return std::any_of(schema.fields.begin(), schema.fields.end(), Counts);
}

std::vector<int> IndexesOf(const model::Schema& schema, const std::vector<FieldId>& ids) {
  std::vector<int> indexes;
  for (FieldId id : ids) {
    const auto* field = schema.FindId(id);
    indexes.push_back(field == nullptr ? -1 : static_cast<int>(field - schema.fields.data()));
  }
  return indexes;
}

// A key in the types of two schemas that hold values of both.
Result<table::KeyForm> FormOf(const model::TableState& one, const model::Schema& other) {
  table::KeyForm form;
  for (FieldId id : one.key) {
    const auto* here = one.schema.FindId(id);
    const auto* there = other.FindId(id);
    if (here == nullptr || there == nullptr) continue;
    const auto* wider = model::Holds(here->type, there->type) ? here : there;
    ASSIGN_OR_RETURN(auto older, table::DecodeDefault(wider->type, wider->first_default));
    form.push_back({id, engine::ToLogicalType(wider->type), std::move(older)});
  }
  return form;
}

// Two tables that were made apart are of one kind: columns with their rules and defaults, key,
// checks, policies. Ids and what is known beside the values do not count.
Result<bool> SameKind(const model::TableState& a, const model::TableState& b) {
  bool same = model::SameShape(a.schema, b.schema) && a.checks == b.checks &&
              a.delete_wins == b.delete_wins && a.merge_row == b.merge_row &&
              IndexesOf(a.schema, a.key) == IndexesOf(b.schema, b.key);
  for (size_t i = 0; same && i < a.schema.fields.size(); ++i) {
    const auto& x = a.schema.fields[i];
    const auto& y = b.schema.fields[i];
    ASSIGN_OR_RETURN(auto rule, merge::RuleText(a.schema, x));
    ASSIGN_OR_RETURN(auto other, merge::RuleText(b.schema, y));
    same = rule == other && x.write_default == y.write_default;
  }
  return same;
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

Favour DatabaseMerge::FavourOf(const TableId& id) const {
  auto found = options_.as_a_whole.find(id);
  return found == options_.as_a_whole.end() ? FavourOfRows(id) : found->second;
}

Favour DatabaseMerge::FavourOfRows(const TableId& id) const {
  auto found = options_.by_table.find(id);
  return found == options_.by_table.end() ? options_.favour : found->second;
}

merge::MergeOptions DatabaseMerge::OptionsFor(const TableId& id) const {
  merge::MergeOptions options;
  options.mode = options_.mode;
  options.favour = FavourOfRows(id);
  options.favour_of_columns = FavourOf(id);
  if (auto found = options_.choices.find(id); found != options_.choices.end()) {
    options.choices = &found->second;
  }
  if (auto found = options_.by_column.find(id); found != options_.by_column.end()) {
    options.by_field = found->second;
  }
  return options;
}

void DatabaseMerge::Contradict(const TableId& id, const std::string& name, uint64_t rows,
                               std::vector<std::string> problems) {
  out_.conflicts.push_back({id, name, rows, std::move(problems), {}});
}

MergedTableInfo& DatabaseMerge::InfoOf(const TableId& id, const std::string& name) {
  auto [known, is_new] = told_.try_emplace(id, out_.merged.size());
  if (is_new) out_.merged.push_back({id, name, {}, {}});
  return out_.merged[known->second];
}

void DatabaseMerge::TellSettled(const TableId& id, const std::string& name, std::string what) {
  auto& info = InfoOf(id, name);
  ++info.counts.settled;
  info.notes.push_back(std::move(what));
}

void DatabaseMerge::TellTakenWhole(const TableId& id, const std::string& name,
                                   const std::string& problem) {
  const std::string where = FavourOf(id) == Favour::kOurs ? "here" : "there";
  TellSettled(id, name, "the whole table is as " + where + ": " + problem);
}

Result<MergedDatabase> DatabaseMerge::Run(const MergeState& base, const MergeState& ours,
                                          const MergeState& theirs, MergeState* undefined) {
  base_ = &base;
  ours_ = &ours;
  theirs_ = &theirs;
  undefined_ = undefined;
  out_ = {};
  told_.clear();
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

// A table that one side has no more: it goes, unless the other changed it (its layout aside).
Status DatabaseMerge::MergeDropped(const TableId& id, const Sides& sides) {
  Which left = sides[kOurs] ? kOurs : kTheirs;
  bool may_go = sides[kBase] && sides[left]->name == sides[kBase]->name;
  if (may_go) {
    ASSIGN_OR_RETURN(bool changed, ChangedTable(id, sides, left));
    may_go = !changed;
  }
  if (may_go) {
    Place(id, sides, std::nullopt, nullptr, {});
    return {};
  }
  const auto& name = sides[left]->name.ToString();
  auto favour = FavourOf(id);
  const std::string problem = "the table was dropped on one side and changed on the other";
  if (is_virtual()) {
    undefined_->undefined_tables.insert(id);
  } else if (favour == Favour::kNobody) {
    Contradict(id, name, 0, {problem});
    return {};
  } else {
    TellTakenWhole(id, name, problem);
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
  auto favour = FavourOf(id);
  auto problem = "the table was renamed to \"" + ours.ToString() + "\" here and to \"" +
                 theirs.ToString() + "\" there";
  if (favour == Favour::kNobody) {
    Contradict(id, ours.ToString(), 0, {std::move(problem)});
    return std::nullopt;
  }
  TellSettled(id, ours.ToString(), std::move(problem));
  return favour == Favour::kOurs ? ours : theirs;
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
  auto options = OptionsFor(id);
  const auto favour = FavourOf(id);
  auto settle = [&](std::vector<std::string> problems) -> std::optional<model::TableState> {
    if (is_virtual()) {
      undefined_->undefined_tables.insert(id);
      return LowerOf(ours, theirs);
    }
    if (favour != Favour::kNobody) {
      for (const auto& problem : problems) TellTakenWhole(id, name, problem);
      return favour == Favour::kOurs ? ours : theirs;
    }
    Contradict(id, name, 0, std::move(problems));
    return std::nullopt;
  };
  if (base_is_undefined) {
    return settle({"what both started from contradicted itself in this table"});
  }
  ASSIGN_OR_RETURN(auto shared, FindShared(ours, theirs));
  for (const auto& [field, problem] : shared.twice) {
    auto of_field = options.by_field.try_emplace(field, favour).first->second;
    if (of_field == Favour::kNobody) return settle({problem});
    options.by_value.insert(field);
    TellSettled(id, name,
                std::string("where both changed it, as ") +
                    (of_field == Favour::kOurs ? "here: " : "there: ") + problem);
  }
  options.picked = &shared.rows;
  ASSIGN_OR_RETURN(bool replaced, ReplacementContradicts(id, sides, ours, theirs));
  std::optional<model::TableState> was;
  if (sides[kBase]) {
    ASSIGN_OR_RETURN(was, ReadState(*sides[kBase]));
  }
  if (replaced && base_is_known) {
    // One that was replaced by rows that are the same was not changed.
    ASSIGN_OR_RETURN(bool ours_is_base, SameByValue(ours, *was));
    if (ours_is_base) return std::optional(theirs);
    ASSIGN_OR_RETURN(bool theirs_is_base, SameByValue(theirs, *was));
    if (theirs_is_base) return std::optional(ours);
  }
  if (replaced) {
    const auto started = was ? *was : merge::NoTable(ours, theirs);
    ASSIGN_OR_RETURN(auto merged, MergeEqualRows(started, ours, theirs, favour));
    if (merged) {
      for (auto& what : merged->settled) TellSettled(id, name, std::move(what));
      return std::optional(std::move(merged->state));
    }
    if (favour != Favour::kNobody) out_.settled_replacements[id] = name;
    return settle({"one side replaced the table's rows as a whole, and the other changed them"});
  }
  if (options_.on_conflicts) {
    options.on_conflicts = [&](merge::RegionConflicts& region) {
      return options_.on_conflicts(id, region);
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
  if (merged.is_beyond_favour) {
    Contradict(id, name, 0, std::move(merged.problems));
    return std::optional<model::TableState>();
  }
  if (!merged.problems.empty()) return settle(merged.problems);
  auto& info = InfoOf(id, name);
  info.counts = merged.counts;
  info.counts.settled += info.notes.size();
  info.notes.insert(info.notes.end(), merged.told.begin(), merged.told.end());
  if (merged.counts.conflicts > 0) {
    Contradict(id, name, merged.counts.conflicts, {});
    out_.conflicts.back().notes = std::move(merged.notes);
    return std::optional<model::TableState>();
  }
  return std::optional(std::move(merged.state));
}

// A column counts if its rule does on a side, also where the change was made before it had that
// rule.
Result<DatabaseMerge::Shared> DatabaseMerge::FindShared(const model::TableState& ours,
                                                        const model::TableState& theirs) const {
  Shared shared;
  std::map<FieldId, std::string> counting;
  for (const auto* side : {&theirs, &ours}) {
    for (const auto& field : side->schema.fields) {
      if (Counts(field)) counting[field.id] = field.name;
    }
  }
  if (counting.empty()) return shared;
  if (ours.key == theirs.key) {
    ASSIGN_OR_RETURN(shared.rows.key, FormOf(ours, theirs.schema));
  }
  SharedRowsFinder finder(repository_, means_, replaced_, ours.id, shared.rows.key);
  auto [begin, end] = replaced_.shared.equal_range(ours.id);
  for (auto change = begin; change != end; ++change) {
    ASSIGN_OR_RETURN(auto changed, finder.Find(change->second));
    for (const auto& [row, start] : changed.rows) shared.rows.Add(row, start);
    for (const auto& [field, name] : counting) {
      if (!changed.fields.contains(field) || shared.twice.contains(field)) continue;
      shared.twice.emplace(field, "commit " + change->second.ours.Short() + " here and " +
                                      change->second.theirs.Short() +
                                      " there are one change that was picked, and column \"" +
                                      name + "\" would count it twice");
    }
  }
  return shared;
}

// Where two sides have equal rows: those of the lower state, or else of the other, whose rows are
// the same in the merged columns. Nothing: they have not, of neither they are, or the columns
// contradict.
Result<std::optional<merge::MergedSchema>> DatabaseMerge::MergeEqualRows(
    const model::TableState& base, const model::TableState& ours, const model::TableState& theirs,
    Favour favour) const {
  ASSIGN_OR_RETURN(bool are_equal, SameRows(ours, theirs));
  if (!are_equal) return std::optional<merge::MergedSchema>();
  auto merged = merge::MergeSchemas(base, ours, theirs, favour);
  if (!merged.conflicts.empty()) return std::optional<merge::MergedSchema>();
  const auto& lower = LowerOf(ours, theirs);
  const auto& higher = &lower == &ours ? theirs : ours;
  for (const auto* side : {&lower, &higher}) {
    merged.state = model::WithRowsOf(merged.state, *side);
    // Columns of one name may have two ids, and one column other values where a row has none.
    ASSIGN_OR_RETURN(bool same, SameRows(merged.state, ours));
    if (same) return std::optional(std::move(merged));
  }
  return std::optional<merge::MergedSchema>();
}

// Equal columns and rows.
Result<bool> DatabaseMerge::SameRows(const model::TableState& a, const model::TableState& b) const {
  bool may_be = model::SameShape(a.schema, b.schema) && a.rows == b.rows;
  if (!may_be) return false;
  auto sum = [&](const model::TableState& state) -> Result<table::Sum128> {
    ASSIGN_OR_RETURN(auto table, Open(state));
    return table::Fingerprint(means_.context, *table);
  };
  ASSIGN_OR_RETURN(auto sum_of_a, sum(a));
  ASSIGN_OR_RETURN(auto sum_of_b, sum(b));
  return sum_of_a == sum_of_b;
}

Result<bool> DatabaseMerge::SameByValue(const model::TableState& a,
                                        const model::TableState& b) const {
  if (!model::SameButRowsAndAttributes(a, b)) return false;
  return SameRows(a, b);
}

// Whether base says nothing of the table, or not everything.
bool DatabaseMerge::BaseIsUndefined(const TableId& id) const {
  auto found = base_->undefined.find(id);
  return base_->undefined_tables.contains(id) ||
         (found != base_->undefined.end() && !found->second.empty());
}

// Whether a side changed the table, the way its rows are stored aside.
Result<bool> DatabaseMerge::ChangedTable(const TableId& id, const Sides& sides, Which side) {
  if (!sides[kBase] || BaseIsUndefined(id)) return true;
  if (sides[side]->entry == sides[kBase]->entry) return false;
  ASSIGN_OR_RETURN(auto old_state, ReadState(*sides[kBase]));
  ASSIGN_OR_RETURN(auto new_state, ReadState(*sides[side]));
  ASSIGN_OR_RETURN(auto before, Open(old_state));
  ASSIGN_OR_RETURN(auto after, Open(new_state));
  ASSIGN_OR_RETURN(bool same, IsSameTable(means_, before, after));
  return !same;
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
    ASSIGN_OR_RETURN(contradicts, ChangedTable(id, sides, kTheirs));
  }
  if (by_theirs && !contradicts) {
    ASSIGN_OR_RETURN(contradicts, ChangedTable(id, sides, kOurs));
  }
  return contradicts;
}

// The table of ours that has the name, up to case.
Result<std::optional<NamedTable>> DatabaseMerge::FindInOurs(const model::QualifiedName& name,
                                                            const TableId& but) {
  auto* reader = means_.context.read.small;
  ASSIGN_OR_RETURN(auto exact, FindState(reader, ours_->root, name));
  if (exact && exact->table != but) return std::optional(NamedTable{name, *exact});
  bool is_published = means_.context.staging->Find(ours_->root) == nullptr;
  auto& names = is_published ? *repository_.names() : own_names_;
  ASSIGN_OR_RETURN(auto twin, names.FindTwin(reader, ours_->root, name));
  if (!twin) return std::optional<NamedTable>();
  ASSIGN_OR_RETURN(auto entry, FindState(reader, ours_->root, *twin));
  bool is_other = entry && entry->table != but;
  return is_other ? std::optional(NamedTable{*twin, *entry}) : std::nullopt;
}

// Which of two tables has the name. Nothing: neither.
Result<std::optional<Which>> DatabaseMerge::JudgeNames(const Found& found, const NameClash& clash) {
  const auto& given = clash.given;
  const auto& taken = clash.taken.entry.table;
  auto is_made = [&](const TableId& id) {
    auto sides = found.tables.find(id);
    return sides != found.tables.end() && !sides->second[kBase];
  };
  if (is_made(given.id) && is_made(taken) && clash.taken.name == *given.name) {
    ASSIGN_OR_RETURN(auto one, ReadState({*given.name, {given.id, given.state_id}}));
    ASSIGN_OR_RETURN(auto other, ReadState(clash.taken));
    ASSIGN_OR_RETURN(bool same, SameKind(one, other));
    if (same) {
      ASSIGN_OR_RETURN(same, SameRows(one, other));
    }
    const auto& lower = taken < given.id ? taken : given.id;
    if (same) return std::optional(found.tables.at(lower)[kOurs] ? kOurs : kTheirs);
  }
  bool is_said = options_.by_table.contains(taken) || options_.as_a_whole.contains(taken);
  auto favour = FavourOf(is_said ? taken : given.id);
  if (is_virtual() || favour == Favour::kNobody) return std::optional<Which>();
  const std::string where = favour == Favour::kOurs ? "here" : "there";
  TellSettled(given.id, given.name->ToString(),
              "two tables would be called \"" + clash.taken.name.ToString() +
                  "\": the one that is called so " + where + " has the name");
  return std::optional(favour == Favour::kOurs ? kOurs : kTheirs);
}

// No two tables may have one name, also up to case.
Status DatabaseMerge::SettleNames(const Found& found) {
  auto name_of = [&](const TableId& id, Which side) {
    auto sides = found.tables.find(id);
    bool is_there = sides != found.tables.end() && sides->second[side];
    return is_there ? std::optional(sides->second[side]->name) : std::nullopt;
  };
  auto contradict = [&](const NameClash& clash) {
    if (is_virtual()) {
      undefined_->undefined_tables.insert({clash.given.id, clash.taken.entry.table});
      return;
    }
    bool are_made = !name_of(clash.given.id, kBase) && !name_of(clash.taken.entry.table, kBase);
    Contradict(clash.given.id, clash.given.name->ToString(), 0,
               {(are_made ? "both sides made a table called \"" : "two tables would be called \"") +
                clash.taken.name.ToString() + "\""});
  };
  MergedNames names(
      name_of, [&](const auto& name, const auto& but) { return FindInOurs(name, but); },
      [&](const auto& clash) { return JudgeNames(found, clash); }, contradict);
  ASSIGN_OR_RETURN(out_.tables, names.Settle(std::move(out_.tables)));
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
