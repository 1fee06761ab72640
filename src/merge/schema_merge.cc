#include "merge/schema_merge.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "base/name.h"
#include "merge/cell_rule.h"
#include "merge/field_order.h"
#include "merge/versions.h"
#include "model/held_type.h"
#include "model/schema_coding.h"
#include "table/key_set.h"
#include "table/refit_default.h"

namespace rhizo::merge {
namespace {

using model::Attributes;
using model::Field;
using model::TableState;
using model::Type;
using model::TypeKind;
using Fields = std::vector<Field>;
using FieldIds = std::vector<FieldId>;
using Default = std::optional<std::string>;

// Stands for the table, above all its key and sort order, among the ids of fields.
constexpr FieldId kTable = 0;

// ---- items by their keys

FieldId KeyOf(const Field& field) { return field.id; }
const Field& ValueOf(const Field& field) { return field; }
const std::string& KeyOf(const Attributes::value_type& attribute) { return attribute.first; }
const std::string& ValueOf(const Attributes::value_type& attribute) { return attribute.second; }
const std::string& KeyOf(const std::string& check) { return check; }
const std::string& ValueOf(const std::string& check) { return check; }

// The items of three containers by their keys.
template <class Items>
auto ByKey(const Versions<Items>& of) {
  using Item = typename Items::value_type;
  using Key = std::decay_t<decltype(KeyOf(std::declval<Item>()))>;
  using Value = std::decay_t<decltype(ValueOf(std::declval<Item>()))>;
  std::map<Key, Versions<Value>> items;
  auto add = [&](const Items* from, const Value* Versions<Value>::*version) {
    if (from == nullptr) return;
    for (const auto& item : *from) items[KeyOf(item)].*version = &ValueOf(item);
  };
  add(of.base, &Versions<Value>::base);
  add(of.ours, &Versions<Value>::ours);
  add(of.theirs, &Versions<Value>::theirs);
  return items;
}

// ---- types

// Whether values of both have the same canonical bytes.
bool SameForm(const Type& a, const Type& b) {
  return a.kind == b.kind && a.precision == b.precision && a.scale == b.scale &&
         a.array_size == b.array_size && a.enum_values == b.enum_values &&
         std::equal(a.children.begin(), a.children.end(), b.children.begin(), b.children.end(),
                    [](const Field& x, const Field& y) {
                      return x.id == y.id && SameForm(x.type, y.type);
                    });
}

// Whether the three are one nested type, whose children can be merged each.
bool IsOneNested(const Versions<Type>& of) {
  const auto& like = *of.ours;
  bool any_number = like.kind == TypeKind::kStruct || like.kind == TypeKind::kUnion;
  auto is_alike = [&](const Type* type) {
    return type == nullptr || (type->kind == like.kind && type->array_size == like.array_size &&
                               (any_number || IdsOf(&type->children) == IdsOf(&like.children)));
  };
  return like.IsNested() && is_alike(of.base) && is_alike(of.theirs);
}

bool HaveSameTypes(const FieldIds& fields, const model::Schema& a, const model::Schema& b) {
  return std::all_of(fields.begin(), fields.end(), [&](FieldId id) {
    const auto* one = a.FindId(id);
    const auto* other = b.FindId(id);
    return one != nullptr && other != nullptr && one->type == other->type;
  });
}

// A side's default in the type of the merged field; as it is where that does not hold it.
struct FittedDefault {
  Default value;
  bool is_of_type = false;
};

FittedDefault Fitted(const Field& side, Default Field::*part, const Type& type) {
  const auto& value = side.*part;
  if (!value || SameForm(side.type, type)) return {value, true};
  if (!model::Holds(type, side.type)) return {value, false};
  auto fitted = table::RefitDefault(nullptr, side.type, type, value);
  return fitted ? FittedDefault{*std::move(fitted), true} : FittedDefault{value, false};
}

// From a column to a field inside it.
struct Path {
  FieldIds ids;
  std::string name;  // "address.zip"
};

// Calls visit(path) for every field.
template <class Visit>
void ForEachPath(const Fields& fields, const Path& parent, const Visit& visit) {
  for (const auto& field : fields) {
    Path path{parent.ids, parent.ids.empty() ? field.name : parent.name + "." + field.name};
    path.ids.push_back(field.id);
    visit(path);
    ForEachPath(field.type.children, path, visit);
  }
}

// ---- words

std::string Quoted(const std::string& name) { return "\"" + name + "\""; }
std::string Column(const std::string& name) { return "column " + Quoted(name); }
std::string Where(bool ours) { return ours ? "here" : "there"; }
std::string Where(bool ours, bool theirs) { return ours && theirs ? "on both sides" : Where(ours); }
std::string TypeText(const Type& type) { return type.ToString().substr(0, 200); }
std::string NullText(bool nullable) { return nullable ? "nullable" : "NOT NULL"; }

template <class X, class Text>
std::string Became(const std::string& what, const Versions<X>& of, Text text) {
  return what + (of.base != nullptr ? " became " : " is ") + text(*of.ours) + " here and " +
         text(*of.theirs) + " there";
}

std::string Renamed(const std::string& what, const Versions<std::string>& of) {
  bool is_new = of.base == nullptr;
  return what + (is_new ? " is called " : " was renamed to ") + Quoted(*of.ours) + " here and " +
         (is_new ? "" : "to ") + Quoted(*of.theirs) + " there";
}

// How a field came to be called `name`.
std::string Origin(const Versions<Field>& of, const std::string& name) {
  if (of.base == nullptr) return "added " + Where(of.ours != nullptr, of.theirs != nullptr);
  if (of.base->name == name) return "as before";
  auto is_here = [&](const Field* side) { return side != nullptr && side->name == name; };
  return "renamed from " + Quoted(of.base->name) + " " +
         Where(is_here(of.ours), is_here(of.theirs));
}

// ---- the merge

class SchemaMerge {
 public:
  SchemaMerge(const Versions<TableState>& states, Favour favour)
      : states_(states), favour_(favour) {}

  MergedSchema Run();

 private:
  // A field that stays, and where it came from.
  struct Staying {
    Field field;
    Versions<Field> versions;
  };
  using StayingFields = std::map<FieldId, Staying>;

  template <class X>
  const X* Favoured(const Versions<X>& of) const {
    return favour_ == Favour::kTheirs ? of.theirs : of.ours;
  }
  template <class X, class Tell>
  const X* Decide(FieldId field, const Versions<X>& of, Tell tell);
  void Contradict(FieldId field, const FieldIds& involved, std::string what);
  void Report(FieldId field, std::string what);
  bool IsReported(FieldId field) const;

  void MergeOnce();
  Fields MergeFields(FieldId parent, const Versions<Fields>& of, const std::string& path);
  Fields InOrder(const Versions<Fields>& of, StayingFields fields) const;
  std::optional<Field> MergeField(FieldId id, const Versions<Field>& of, const std::string& path);
  Field MergeParts(FieldId id, const Versions<Field>& of, const std::string& path);
  Type MergeType(FieldId id, const Versions<Type>& of, const std::string& path);
  void MergeDefaults(const Versions<Field>& of, const std::string& path, Field* merged);
  bool MergeDefault(Default Field::*part, const Versions<Field>& of, const std::string& path,
                    Field* merged);
  Attributes MergeAttributes(FieldId id, const Versions<Attributes>& of) const;
  void CheckNames(const StayingFields& fields, const std::string& prefix);

  void MergeKey();
  void CheckKeyField(FieldId id);
  void MergeSortOrder();
  void CheckRuleOf(const Field& field);
  void CheckIds();
  void CheckStorable();

  const Field* FindAnywhere(FieldId id) const;
  std::string NameOf(FieldId id) const;
  std::string Dropped(FieldId id, const std::string& but) const;
  std::string KeyText(const FieldIds& key) const;
  std::string RuleText(const std::string& stored) const;

  const Versions<TableState> states_;
  const Favour favour_;
  std::set<FieldId> settled_;  // as the favoured side has them
  TableState state_;
  std::vector<SchemaConflict> conflicts_;
  std::vector<std::string> told_;     // of settled_
  std::vector<std::string> decided_;  // besides, attribute by attribute
};

// `tell` makes a sentence of the three versions, should they contradict.
template <class X, class Tell>
const X* SchemaMerge::Decide(FieldId field, const Versions<X>& of, Tell tell) {
  if (settled_.contains(field)) return Favoured(of);
  if (auto taken = Taken(of)) return *taken;
  if (favour_ != Favour::kNobody) {
    auto what = tell(of);
    if (decided_.empty() || decided_.back() != what) decided_.push_back(std::move(what));
    return Favoured(of);
  }
  Report(field, tell(of));
  return of.ours != nullptr ? of.ours : of.theirs;
}

// Both defaults of a field say the same.
void SchemaMerge::Report(FieldId field, std::string what) {
  if (!conflicts_.empty() && conflicts_.back().what == what) return;
  conflicts_.push_back({std::move(what), field});
}

bool SchemaMerge::IsReported(FieldId field) const {
  return std::any_of(conflicts_.begin(), conflicts_.end(),
                     [&](const auto& conflict) { return conflict.field == field; });
}

// Of fields that cannot be together; one that contradicts by itself already says nothing here.
void SchemaMerge::Contradict(FieldId field, const FieldIds& involved, std::string what) {
  if (favour_ != Favour::kNobody) {
    size_t before = settled_.size();
    settled_.insert(involved.begin(), involved.end());
    if (settled_.size() > before) {
      told_.push_back(std::move(what));
      return;
    }
  } else if (std::any_of(involved.begin(), involved.end(),
                         [&](FieldId id) { return id != kTable && IsReported(id); })) {
    return;
  }
  Report(field, std::move(what));
}

// ---- fields

Fields SchemaMerge::MergeFields(FieldId parent, const Versions<Fields>& of,
                                const std::string& path) {
  const std::string prefix = path.empty() ? "" : path + ".";
  StayingFields fields;
  for (const auto& [id, versions] : ByKey(of)) {
    auto field = MergeField(id, versions, prefix + versions.any().name);
    if (field) fields.emplace(id, Staying{*std::move(field), versions});
  }
  CheckNames(fields, prefix);
  if (fields.empty()) {
    Contradict(parent, IdsOf(Favoured(of)),
               (path.empty() ? "no column" : "no member of " + Column(path)) +
                   " stays: what one side kept, the other dropped");
  }
  return InOrder(of, std::move(fields));
}

// Where one that only the favoured side kept stays, that side has the order too.
Fields SchemaMerge::InOrder(const Versions<Fields>& of, StayingFields fields) const {
  auto order = MergeOrder(of);
  std::set<FieldId> known(order.begin(), order.end());
  bool more_of_base = std::any_of(fields.begin(), fields.end(), [&](const auto& staying) {
    return staying.second.versions.base != nullptr && !known.contains(staying.first);
  });
  if (more_of_base) order = IdsOf(Favoured(of));
  Fields ordered;
  for (FieldId id : order) {
    if (auto node = fields.extract(id)) ordered.push_back(std::move(node.mapped().field));
  }
  for (auto& [id, rest] : fields) ordered.push_back(std::move(rest.field));
  return ordered;
}

std::optional<Field> SchemaMerge::MergeField(FieldId id, const Versions<Field>& of,
                                             const std::string& path) {
  if (of.ours != nullptr && of.theirs != nullptr) return MergeParts(id, of, path);
  const auto* field = Decide(id, of, [&](const auto&) {
    bool here = of.ours == nullptr;
    return Column(path) + " was dropped " + Where(here) + " and changed " + Where(!here);
  });
  return field == nullptr ? std::nullopt : std::optional(*field);
}

Field SchemaMerge::MergeParts(FieldId id, const Versions<Field>& of, const std::string& path) {
  const auto column = Column(path);
  Field merged;
  merged.id = id;
  merged.name = *Decide(id, Each(of, &Field::name),
                        [&](const auto& names) { return Renamed(column, names); });
  size_t conflicts = conflicts_.size();
  merged.type = MergeType(id, Each(of, &Field::type), path);
  bool types_contradict = conflicts_.size() > conflicts;
  merged.nullable = *Decide(id, Each(of, &Field::nullable), [&](const auto& nullable) {
    return Became(column, nullable, NullText);
  });
  if (!types_contradict) MergeDefaults(of, path, &merged);
  merged.merge_rule = *Decide(id, Each(of, &Field::merge_rule), [&](const auto& rules) {
    return Became("the merge rule of " + column, rules,
                  [&](const std::string& rule) { return RuleText(rule); });
  });
  merged.attributes = MergeAttributes(id, Each(of, &Field::attributes));
  return merged;
}

Type SchemaMerge::MergeType(FieldId id, const Versions<Type>& of, const std::string& path) {
  if (!IsOneNested(of)) {
    // Whoever is favoured, what the other stored has to fit.
    if (favour_ != Favour::kNobody && !Taken(of)) {
      if (model::Holds(*of.ours, *of.theirs)) return *of.ours;
      if (model::Holds(*of.theirs, *of.ours)) return *of.theirs;
    }
    return *Decide(id, of,
                   [&](const auto& types) { return Became(Column(path), types, TypeText); });
  }
  Type merged = *of.ours;
  merged.children = MergeFields(id, Each(of, &Type::children), path);
  return merged;
}

void SchemaMerge::MergeDefaults(const Versions<Field>& of, const std::string& path, Field* merged) {
  bool fits = MergeDefault(&Field::first_default, of, path, merged);
  fits &= MergeDefault(&Field::write_default, of, path, merged);
  if (fits) return;
  if (favour_ != Favour::kNobody) {
    merged->type = Favoured(of)->type;
    merged->first_default = Favoured(of)->first_default;
    merged->write_default = Favoured(of)->write_default;
  } else if (!IsReported(merged->id)) {
    Report(merged->id, Column(path) + " becomes " + TypeText(merged->type) +
                           ", and its default was given for another type");
  }
}

// Defaults are bytes of the type that the field had where they were given: compared, and taken, as
// the merged type has them. False: it does not have this one.
bool SchemaMerge::MergeDefault(Default Field::*part, const Versions<Field>& of,
                               const std::string& path, Field* merged) {
  std::vector<FittedDefault> fitted;
  for (const auto* side : {of.base, of.ours, of.theirs}) {
    fitted.push_back(side == nullptr ? FittedDefault() : Fitted(*side, part, merged->type));
  }
  Versions<FittedDefault> versions{of.base == nullptr ? nullptr : &fitted[0], &fitted[1],
                                   &fitted[2]};
  const auto values = Each(versions, &FittedDefault::value);
  merged->*part = *Decide(merged->id, values, [&](const auto&) {
    return Column(path) + " got different defaults here and there";
  });
  return std::ranges::any_of(
      fitted, [&](const auto& one) { return one.is_of_type && one.value == merged->*part; });
}

// They say nothing of what values mean, and are written with every frame: they never contradict.
Attributes SchemaMerge::MergeAttributes(FieldId id, const Versions<Attributes>& of) const {
  Attributes merged;
  for (const auto& [key, versions] : ByKey(of)) {
    auto taken = Taken(versions);
    const std::string* value = nullptr;
    if (settled_.contains(id) || (!taken && favour_ != Favour::kNobody)) {
      value = Favoured(versions);
    } else if (taken) {
      value = *taken;
    } else if (versions.ours == nullptr || versions.theirs == nullptr) {
      value = versions.ours != nullptr ? versions.ours : versions.theirs;
    } else {
      value = &std::min(*versions.ours, *versions.theirs);
    }
    if (value != nullptr) merged.emplace(key, *value);
  }
  return merged;
}

void SchemaMerge::CheckNames(const StayingFields& fields, const std::string& prefix) {
  std::map<std::string, const Staying*> by_fold;
  auto text = [&](const Staying& staying) {
    const auto& name = staying.field.name;
    return Quoted(prefix + name) + " (" + Origin(staying.versions, name) + ")";
  };
  for (const auto& [id, staying] : fields) {
    auto [twin, is_new] = by_fold.emplace(FoldName(staying.field.name), &staying);
    if (is_new) continue;
    Contradict(
        id, {id, twin->second->field.id},
        "columns " + text(*twin->second) + " and " + text(staying) + " would have the same name");
  }
}

// ---- what names fields

const Field* SchemaMerge::FindAnywhere(FieldId id) const {
  for (const auto* side : {states_.base, states_.ours, states_.theirs}) {
    if (const auto* field = side->schema.FindId(id)) return field;
  }
  return nullptr;
}

std::string SchemaMerge::NameOf(FieldId id) const {
  const auto* field = FindAnywhere(id);
  return field == nullptr ? "field " + std::to_string(id) : field->name;
}

// Of a field that one side refers to.
std::string SchemaMerge::Dropped(FieldId id, const std::string& but) const {
  bool here = states_.ours->schema.FindId(id) == nullptr;
  return Column(NameOf(id)) + " was dropped " + Where(here) + " and " + but + " " + Where(!here);
}

std::string SchemaMerge::KeyText(const FieldIds& key) const {
  std::string text;
  for (FieldId id : key) text += (text.empty() ? "(" : ", ") + Quoted(NameOf(id));
  return text.empty() ? "none" : text + ")";
}

std::string SchemaMerge::RuleText(const std::string& stored) const {
  auto rule = ParseRule(stored);
  return rule && rule->by != 0 ? "latest(" + NameOf(rule->by) + ")" : stored;
}

void SchemaMerge::MergeKey() {
  auto text = [&](const FieldIds& key) { return KeyText(key); };
  auto tell = [&](const auto& keys) { return Became("the key", keys, text); };
  size_t conflicts = conflicts_.size();
  state_.key = *Decide(kTable, Each(states_, &TableState::key), tell);
  if (conflicts_.size() > conflicts) return;
  for (FieldId id : state_.key) CheckKeyField(id);
}

void SchemaMerge::CheckKeyField(FieldId id) {
  const auto* field = state_.schema.FindId(id);
  if (field == nullptr) {
    return Contradict(id, {kTable, id}, Dropped(id, "is part of the key"));
  }
  const auto* here = states_.ours->schema.FindId(id);
  const auto* there = states_.theirs->schema.FindId(id);
  bool only_one_may = here != nullptr && there != nullptr && here->nullable != there->nullable;
  if (field->nullable && only_one_may) {
    Contradict(id, {kTable, id},
               Column(field->name) + " may be NULL " + Where(here->nullable) +
                   " and is part of the key " + Where(there->nullable));
  }
  if (auto status = table::CheckKeyFields(state_.schema, FieldIds{id}); !status) {
    Contradict(id, {kTable, id}, status.error().message());
  }
  if (field->merge_rule != ToString(MergeRule{})) {
    bool is_here = here != nullptr && here->merge_rule == field->merge_rule;
    Contradict(id, {kTable, id},
               Column(field->name) + " got a merge rule " + Where(is_here) +
                   " and is part of the key " + Where(!is_here));
  }
}

void SchemaMerge::MergeSortOrder() {
  auto tell = [](const auto&) { return "the sort order was changed differently here and there"; };
  size_t conflicts = conflicts_.size();
  state_.sort_order = *Decide(kTable, Each(states_, &TableState::sort_order), tell);
  if (conflicts_.size() > conflicts) return;
  for (const auto& sort : state_.sort_order) {
    if (state_.schema.FindId(sort.field) != nullptr) continue;
    Contradict(sort.field, {kTable, sort.field}, Dropped(sort.field, "is part of the sort order"));
  }
}

void SchemaMerge::CheckRuleOf(const Field& field) {
  auto rule = ParseRule(field.merge_rule);
  FieldIds involved = {field.id};
  if (rule && rule->by != 0) involved.push_back(rule->by);
  if (rule && rule->by != 0 && state_.schema.FindId(rule->by) == nullptr) {
    return Contradict(field.id, involved,
                      Dropped(rule->by, "decides " + Column(field.name) + " (merge rule latest)"));
  }
  auto status = rule ? CheckRule(state_.schema, field, *rule) : Status(rule.error());
  if (!status) Contradict(field.id, involved, status.error().message());
}

// ---- the table

FieldIds UnionOfIds(const Versions<FieldIds>& of) {
  std::set<FieldId> ids;
  for (const auto* some : {of.base, of.ours, of.theirs}) ids.insert(some->begin(), some->end());
  return {ids.begin(), ids.end()};
}

std::vector<std::string> MergeChecks(const Versions<std::vector<std::string>>& of) {
  if (auto taken = Taken(of)) return **taken;
  auto all = ByKey(of);
  std::vector<std::string> merged;
  for (const auto& check : *of.base) {
    if (*Taken(all.at(check)) != nullptr) merged.push_back(check);
  }
  for (const auto& [check, versions] : all) {
    if (versions.base == nullptr) merged.push_back(check);
  }
  return merged;
}

// Ids come from paths: fields of two structs have one id if both sides added them below one name.
void SchemaMerge::CheckIds() {
  std::map<FieldId, Path> paths;
  ForEachPath(state_.schema.fields, {}, [&](const Path& path) {
    auto [twin, is_new] = paths.emplace(path.ids.back(), path);
    if (is_new) return;
    auto involved = path.ids;
    involved.insert(involved.end(), twin->second.ids.begin(), twin->second.ids.end());
    Contradict(path.ids.back(), involved,
               "columns " + Quoted(twin->second.name) + " and " + Quoted(path.name) +
                   " were added under one name and have one field id");
  });
}

// What states that were not valid themselves may bring.
void SchemaMerge::CheckStorable() {
  auto status = ValidateSchema(state_.schema);
  if (conflicts_.empty() && !status) Report(kTable, status.error().message());
}

void SchemaMerge::MergeOnce() {
  conflicts_.clear();
  decided_.clear();
  state_ = TableState();
  state_.id = states_.ours->id;
  auto schemas = Each(states_, &TableState::schema);
  state_.schema.fields = MergeFields(kTable, Each(schemas, &model::Schema::fields), "");
  state_.schema.attributes = MergeAttributes(kTable, Each(schemas, &model::Schema::attributes));
  state_.used_field_ids = UnionOfIds(Each(states_, &TableState::used_field_ids));
  state_.delete_wins = **Taken(Each(states_, &TableState::delete_wins));
  state_.merge_row = **Taken(Each(states_, &TableState::merge_row));
  state_.checks = MergeChecks(Each(states_, &TableState::checks));
  MergeKey();
  MergeSortOrder();
  for (const auto& field : state_.schema.fields) CheckRuleOf(field);
  CheckIds();
  CheckStorable();
}

MergedSchema SchemaMerge::Run() {
  size_t settled = 0;
  do {
    settled = settled_.size();
    MergeOnce();
  } while (settled_.size() > settled);

  told_.insert(told_.end(), decided_.begin(), decided_.end());
  MergedSchema merged{std::move(state_), std::move(conflicts_), std::move(told_), {}, {}, false};
  const auto& [base, ours, theirs] = states_;
  for (const auto& field : base->schema.fields) {
    if (merged.state.schema.FindId(field.id) != nullptr) continue;
    bool kept_here = ours->schema.FindId(field.id) != nullptr;
    bool kept_there = theirs->schema.FindId(field.id) != nullptr;
    if (kept_there && !kept_here) merged.dropped_by_ours.push_back(field.id);
    if (kept_here && !kept_there) merged.dropped_by_theirs.push_back(field.id);
  }
  merged.same_key = base->key == ours->key && base->key == theirs->key &&
                    HaveSameTypes(base->key, base->schema, ours->schema) &&
                    HaveSameTypes(base->key, base->schema, theirs->schema);
  return merged;
}

}  // namespace

MergedSchema MergeSchemas(const TableState& base, const TableState& ours, const TableState& theirs,
                          Favour favour) {
  return SchemaMerge({&base, &ours, &theirs}, favour).Run();
}

}  // namespace rhizo::merge
