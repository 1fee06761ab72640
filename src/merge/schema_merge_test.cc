// What becomes of a table's schema, key, policies and checks that two sides changed: each rule by
// example, the laws over random changes.
#include "merge/schema_merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>

#include "merge/cell_rule.h"
#include "merge/rule_settings.h"
#include "model/schema_coding.h"
#include "model/testing/canonical.h"
#include "model/testing/samples.h"
#include "table/key_set.h"
#include "table/single_value.h"

namespace rhizo::merge {
namespace {

using model::Field;
using model::TableState;
using model::Type;
using model::TypeKind;
using model::testing::FieldOf;
using model::testing::FilledId;
using model::testing::ListOf;
using model::testing::SeedText;
using model::testing::StructOf;
using model::testing::TypeOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Edit = std::function<void(TableState&)>;
using Fields = std::vector<Field>;

const TableId kTable = FilledId<TableId>(7);

// ---- tables and what is done to them

void TakeIds(const Fields& fields, std::vector<FieldId>* ids) {
  for (const auto& field : fields) {
    ids->push_back(field.id);
    TakeIds(field.type.children, ids);
  }
}

TableState TableOf(Fields fields) {
  TableState state;
  state.id = kTable;
  state.schema.fields = std::move(fields);
  TakeIds(state.schema.fields, &state.used_field_ids);
  std::sort(state.used_field_ids.begin(), state.used_field_ids.end());
  return state;
}

TableState People() {
  auto street = FieldOf(5, "street", TypeOf(TypeKind::kString));
  auto zip = FieldOf(6, "zip", TypeOf(TypeKind::kInt32));
  auto state = TableOf({FieldOf(1, "id", TypeOf(TypeKind::kInt64)),
                        FieldOf(2, "n", TypeOf(TypeKind::kInt32)),
                        FieldOf(3, "at", TypeOf(TypeKind::kTimestampUs)),
                        FieldOf(4, "address", StructOf({street, zip})),
                        FieldOf(7, "tags", ListOf(FieldOf(8, "", TypeOf(TypeKind::kInt32))))});
  state.schema.fields[0].nullable = false;
  return state;
}

// Null if there is none. No name here holds a dot.
Field* FindPath(Fields* fields, std::string_view path) {
  auto dot = path.find('.');
  auto found = std::find_if(fields->begin(), fields->end(),
                            [&](const auto& field) { return field.name == path.substr(0, dot); });
  if (found == fields->end()) return nullptr;
  if (dot == path.npos) return &*found;
  return FindPath(&found->type.children, path.substr(dot + 1));
}

Field& At(TableState& state, std::string_view path) {
  auto* field = FindPath(&state.schema.fields, path);
  CHECK(field != nullptr);
  return *field;
}

Fields& Members(TableState& state, std::string_view path) {
  return path.empty() ? state.schema.fields : At(state, path).type.children;
}

void Add(TableState& state, const std::string& into, const std::string& name, Type type) {
  Members(state, into).push_back(FieldOf(0, name, std::move(type)));
  AssignFieldIds(kTable, &state.schema, &state.used_field_ids);
}

Edit Adds(const std::string& name, TypeKind kind, const std::string& into = "") {
  return [=](TableState& state) { Add(state, into, name, TypeOf(kind)); };
}

Edit Drops(const std::string& name, const std::string& from = "") {
  return [=](TableState& state) {
    std::erase_if(Members(state, from), [&](const auto& field) { return field.name == name; });
  };
}

Edit Renames(const std::string& path, const std::string& name) {
  return [=](TableState& state) { At(state, path).name = name; };
}

Edit Widens(const std::string& path, TypeKind kind) {
  return [=](TableState& state) { At(state, path).type = TypeOf(kind); };
}

Edit Defaults(const std::string& path, std::optional<std::string> value) {
  return [=](TableState& state) { At(state, path).write_default = value; };
}

template <class Number>
std::string Bytes(Number number) {
  std::string bytes(sizeof(Number), '\0');
  std::memcpy(bytes.data(), &number, sizeof(Number));
  return bytes;
}

Edit SetsNullable(const std::string& path, bool nullable) {
  return [=](TableState& state) { At(state, path).nullable = nullable; };
}

Edit SetsRule(const std::string& path, const std::string& rule) {
  return [=](TableState& state) { At(state, path).merge_rule = rule; };
}

Edit SetsAttribute(const std::string& path, const std::string& key, const std::string& value) {
  return [=](TableState& state) { At(state, path).attributes[key] = value; };
}

Edit Orders(std::vector<std::string> names, const std::string& in = "") {
  return [=](TableState& state) {
    Fields ordered;
    for (const auto& name : names) {
      for (const auto& field : Members(state, in)) {
        if (field.name == name) ordered.push_back(field);
      }
    }
    Members(state, in) = std::move(ordered);
  };
}

Edit SetsKey(std::vector<std::string> names) {
  return [=](TableState& state) {
    state.key.clear();
    for (const auto& name : names) {
      At(state, name).nullable = false;
      state.key.push_back(At(state, name).id);
    }
  };
}

Edit SortsBy(const std::string& name, bool descending = false) {
  return [=](TableState& state) { state.sort_order = {{At(state, name).id, descending, false}}; };
}

Edit SetsChecks(std::vector<std::string> checks) {
  return [=](TableState& state) { state.checks = checks; };
}

Edit All(std::vector<Edit> edits) {
  return [=](TableState& state) {
    for (const auto& edit : edits) edit(state);
  };
}

void Nothing(TableState&) {}

TableState Edited(TableState state, const Edit& edit) {
  edit(state);
  return state;
}

// ---- what comes out

std::string Text(const MergedSchema& merged) {
  std::string text;
  for (const auto& conflict : merged.conflicts) {
    text += (text.empty() ? "" : "; ") + conflict.what;
  }
  return text;
}

std::string Names(const Fields& fields) {
  std::string names;
  for (const auto& field : fields) names += (names.empty() ? "" : " ") + field.name;
  return names;
}

std::string Names(const MergedSchema& merged) { return Names(merged.state.schema.fields); }

Favour Other(Favour favour) {
  return favour == Favour::kNobody ? favour
         : favour == Favour::kOurs ? Favour::kTheirs
                                   : Favour::kOurs;
}

std::multiset<FieldId> FieldsOf(const std::vector<SchemaConflict>& conflicts) {
  std::multiset<FieldId> fields;
  for (const auto& conflict : conflicts) fields.insert(conflict.field);
  return fields;
}

bool KeyIsValid(const TableState& state) {
  if (!CheckKeyRules(state)) return false;
  return std::all_of(state.key.begin(), state.key.end(), [&](FieldId id) {
    const auto* field = state.schema.FindId(id);
    return field != nullptr && !field->nullable && table::CheckKeyFields(state.schema, {{id}});
  });
}

bool RulesAreValid(const TableState& state) {
  return std::all_of(state.schema.fields.begin(), state.schema.fields.end(),
                     [&](const Field& field) {
                       auto rule = ParseRule(field.merge_rule);
                       return rule && CheckRule(state.schema, field, *rule);
                     });
}

bool SortOrderIsValid(const TableState& state) {
  return std::all_of(state.sort_order.begin(), state.sort_order.end(),
                     [&](const auto& sort) { return state.schema.FindId(sort.field) != nullptr; });
}

bool IsValid(const TableState& state) {
  return IsStorable(state.schema) && KeyIsValid(state) && RulesAreValid(state) &&
         SortOrderIsValid(state);
}

TableState WithoutRows(TableState state) {
  state.tree_root = ObjectId();
  state.entries = state.rows = state.bytes = 0;
  return state;
}

// Also that the sides can change places, and that a state without conflicts can be stored.
MergedSchema Merged(const TableState& base, const TableState& ours, const TableState& theirs,
                    Favour favour = Favour::kNobody) {
  auto merged = MergeSchemas(base, ours, theirs, favour);
  auto mirrored = MergeSchemas(base, theirs, ours, Other(favour));
  EXPECT_EQ(FieldsOf(merged.conflicts), FieldsOf(mirrored.conflicts));
  EXPECT_EQ(merged.same_key, mirrored.same_key);
  if (!merged.conflicts.empty()) return merged;
  EXPECT_EQ(merged.state, mirrored.state);
  EXPECT_EQ(merged.dropped_by_ours, mirrored.dropped_by_theirs);
  EXPECT_EQ(merged.dropped_by_theirs, mirrored.dropped_by_ours);
  EXPECT_TRUE(IsValid(merged.state));
  EXPECT_EQ(model::DecodeTableState(Encode(merged.state)).value(), merged.state);
  return merged;
}

// Two sides that edit the people.
MergedSchema Merged(const Edit& ours, const Edit& theirs, const Edit& before = Nothing,
                    Favour favour = Favour::kNobody) {
  auto base = Edited(People(), before);
  return Merged(base, Edited(base, ours), Edited(base, theirs), favour);
}

std::string Conflicts(const Edit& ours, const Edit& theirs, const Edit& before = Nothing) {
  return Text(Merged(ours, theirs, before));
}

TableState Of(MergedSchema merged) {
  EXPECT_EQ(Text(merged), "");
  return std::move(merged.state);
}

TableState Settled(Favour favour, const Edit& ours, const Edit& theirs,
                   const Edit& before = Nothing) {
  return Of(Merged(ours, theirs, before, favour));
}

// ---- attributes of fields

TEST(SchemaMerge, WhatOneSideChangedIsTaken) {
  auto ours = All({Defaults("at", "now"), SetsAttribute("n", "a", "1"), Renames("n", "count")});
  auto theirs =
      All({SetsNullable("n", false), SetsRule("n", "add"), Widens("n", TypeKind::kInt64)});
  auto expected = Edited(People(), ours);
  expected = Edited(expected, [](TableState& state) {
    auto& field = At(state, "count");
    field.nullable = false;
    field.merge_rule = "add";
    field.type = TypeOf(TypeKind::kInt64);
  });
  EXPECT_EQ(Of(Merged(ours, theirs)), expected);
}

TEST(SchemaMerge, WhatBothChangedInTheSameWayIsTaken) {
  auto both = All({Renames("n", "count"), Defaults("count", "1"), SetsRule("count", "add"),
                   Widens("count", TypeKind::kInt64), SetsNullable("count", false)});
  EXPECT_EQ(Of(Merged(both, both)), Edited(People(), both));
}

TEST(SchemaMerge, ANameChangedDifferentlyIsAConflict) {
  EXPECT_EQ(Conflicts(Renames("n", "a"), Renames("n", "b")),
            "column \"n\" was renamed to \"a\" here and to \"b\" there");
}

TEST(SchemaMerge, ATypeWidenedDifferentlyIsAConflict) {
  EXPECT_EQ(Conflicts(Widens("n", TypeKind::kInt64), Widens("n", TypeKind::kFloat64)),
            "column \"n\" became BIGINT here and DOUBLE there");
}

TEST(SchemaMerge, ARuleChangedDifferentlyIsAConflict) {
  EXPECT_EQ(Conflicts(SetsRule("n", "min"), SetsRule("n", "latest(3)"), SetsRule("at", "max")),
            "the merge rule of column \"n\" became min here and latest(at) there");
}

TEST(SchemaMerge, ADefaultChangedDifferentlyIsAConflict) {
  EXPECT_EQ(Conflicts(Defaults("n", "1"), Defaults("n", "2")),
            "column \"n\" got different defaults here and there");
  EXPECT_EQ(Conflicts(Defaults("n", std::nullopt), Defaults("n", "2"), Defaults("n", "1")),
            "column \"n\" got different defaults here and there");
}

TEST(SchemaMerge, DefaultsOfOldAndNewRowsAreToldOfTogether) {
  auto sets = [](const std::string& value) {
    return [=](TableState& state) {
      At(state, "n").first_default = At(state, "n").write_default = value;
    };
  };
  EXPECT_EQ(Conflicts(sets("1"), sets("2")), "column \"n\" got different defaults here and there");
}

TEST(SchemaMerge, ADefaultMovesOnWithItsWiderType) {
  auto widens = All({Widens("n", TypeKind::kInt64), Defaults("n", Bytes(int64_t{1}))});
  auto merged = Of(Merged(widens, Renames("n", "count"), Defaults("n", Bytes(1))));
  EXPECT_EQ(At(merged, "count").write_default, Bytes(int64_t{1}));
}

TEST(SchemaMerge, ADefaultGivenForTheOldTypeBecomesOneOfTheWider) {
  auto widens = All({Widens("n", TypeKind::kInt64), Defaults("n", Bytes(int64_t{1}))});
  auto merged = Of(Merged(widens, Defaults("n", Bytes(2)), Defaults("n", Bytes(1))));
  EXPECT_EQ(At(merged, "n").write_default, Bytes(int64_t{2}));
}

TEST(SchemaMerge, TwoDefaultsOfTwoTypesContradictByTheirValues) {
  auto widens = [](int64_t value) {
    return All({Widens("n", TypeKind::kInt64), Defaults("n", Bytes(value))});
  };
  EXPECT_EQ(Conflicts(widens(1), Defaults("n", Bytes(2))),
            "column \"n\" got different defaults here and there");
  EXPECT_EQ(Conflicts(widens(2), Defaults("n", Bytes(2))), "");
}

TEST(SchemaMerge, ADefaultThatTheMergedTypeDoesNotHoldIsAConflict) {
  EXPECT_EQ(Conflicts(Widens("n", TypeKind::kInt16), Defaults("n", Bytes(1))),
            "column \"n\" becomes SMALLINT, and its default was given for another type");
}

TEST(SchemaMerge, ADefaultOfAStructHasTheMembersThatBothSidesAddOrDrop) {
  auto address = [](duckdb::child_list_t<duckdb::Value> members) {
    return duckdb::Value::STRUCT(std::move(members));
  };
  const auto given = address({{"street", "Low"}, {"zip", duckdb::Value::INTEGER(7)}});
  auto gives = [&](TableState& state) {
    At(state, "address").write_default = table::EncodeValue(At(state, "address").type, given);
  };
  auto wants = [](TableState& state, const duckdb::Value& value) {
    const auto& address = At(state, "address");
    EXPECT_EQ(address.write_default, table::EncodeValue(address.type, value));
  };
  auto extended = Of(Merged(Adds("a", TypeKind::kInt32, "address"), gives));
  wants(extended, address({{"street", "Low"},
                           {"zip", duckdb::Value::INTEGER(7)},
                           {"a", duckdb::Value(duckdb::LogicalType::INTEGER)}}));
  auto widened = Of(Merged(Widens("address.zip", TypeKind::kInt64), gives));
  wants(widened, address({{"street", "Low"}, {"zip", duckdb::Value::BIGINT(7)}}));
  auto turned = Of(Merged(Orders({"zip", "street"}, "address"), gives));
  wants(turned, address({{"zip", duckdb::Value::INTEGER(7)}, {"street", "Low"}}));
  auto less = Of(Merged(Drops("zip", "address"), gives));
  wants(less, address({{"street", "Low"}}));
}

TEST(SchemaMerge, ADefaultDoesNotCareForNamesOfMembers) {
  auto merged = Of(Merged(Renames("address.zip", "code"), Defaults("address", "new")));
  EXPECT_EQ(At(merged, "address").write_default, "new");
}

TEST(SchemaMerge, AttributesAreMergedKeyByKey) {
  auto before = All({SetsAttribute("n", "old", "1"), SetsAttribute("n", "gone", "1")});
  auto ours = All({SetsAttribute("n", "mine", "1"), SetsAttribute("n", "old", "2")});
  auto theirs = [](TableState& state) {
    At(state, "n").attributes = {{"old", "1"}, {"yours", "1"}};
  };
  auto merged = Of(Merged(ours, theirs, before));
  EXPECT_EQ(At(merged, "n").attributes,
            (model::Attributes{{"mine", "1"}, {"old", "2"}, {"yours", "1"}}));
}

TEST(SchemaMerge, OfAnAttributeChangedDifferentlyTheSmallerValueIsTaken) {
  for (auto [here, there] : {std::pair("1", "2"), std::pair("2", "1")}) {
    auto merged = Of(Merged(SetsAttribute("n", "a", here), SetsAttribute("n", "a", there)));
    EXPECT_EQ(At(merged, "n").attributes.at("a"), "1");
  }
}

TEST(SchemaMerge, AttributesOfTheSchemaAreMergedKeyByKey) {
  auto sets = [](const std::string& key, const std::string& value) {
    return [=](TableState& state) { state.schema.attributes[key] = value; };
  };
  EXPECT_EQ(Of(Merged(sets("a", "1"), sets("b", "2"))).schema.attributes,
            (model::Attributes{{"a", "1"}, {"b", "2"}}));
  EXPECT_EQ(Of(Merged(sets("pandas", "2"), sets("pandas", "1"))).schema.attributes,
            (model::Attributes{{"pandas", "1"}}));
}

TEST(SchemaMerge, AConflictNamesItsField) {
  auto merged =
      Merged(All({Renames("n", "a"), SetsKey({"id"})}), All({Renames("n", "b"), SetsKey({"at"})}));
  EXPECT_EQ(FieldsOf(merged.conflicts), (std::multiset<FieldId>{0, 2}));
}

// ---- nested types

TEST(SchemaMerge, MembersOfAStructAreMergedEach) {
  auto ours = All({Renames("address.zip", "code"), Adds("city", TypeKind::kString, "address")});
  auto theirs = All({Widens("address.zip", TypeKind::kInt64), Drops("street", "address")});
  auto merged = Of(Merged(ours, theirs));
  EXPECT_EQ(At(merged, "address").type.ToString(), "STRUCT(code BIGINT, city VARCHAR)");
}

TEST(SchemaMerge, ElementsOfAListAreMergedToo) {
  auto merged = Of(Merged(Widens("tags.element", TypeKind::kInt64), Renames("tags", "labels")));
  EXPECT_EQ(At(merged, "labels").type.ToString(), "BIGINT[]");
  EXPECT_EQ(
      Conflicts(Widens("tags.element", TypeKind::kInt64), Widens("tags.element", TypeKind::kInt16)),
      "column \"tags.element\" became BIGINT here and SMALLINT there");
}

TEST(SchemaMerge, AListWhoseElementIsAnotherFieldIsTakenWhole) {
  auto other = [](TableState& state) {
    At(state, "tags").type = ListOf(FieldOf(0, "", TypeOf(TypeKind::kString)));
    AssignFieldIds(kTable, &state.schema, &state.used_field_ids);
  };
  auto merged = Of(Merged(other, Nothing));
  EXPECT_EQ(At(merged, "tags").type.ToString(), "VARCHAR[]");
  EXPECT_EQ(Conflicts(other, Widens("tags.element", TypeKind::kInt64)),
            "column \"tags\" became VARCHAR[] here and BIGINT[] there");
}

TEST(SchemaMerge, ANestedTypeThatBecameAnotherKindIsTakenWhole) {
  auto merged = Of(Merged(Widens("address", TypeKind::kJson), Renames("address", "place")));
  EXPECT_EQ(At(merged, "place").type.ToString(), "JSON");
  EXPECT_EQ(Conflicts(Widens("address", TypeKind::kJson), Renames("address.zip", "code")),
            "column \"address\" became JSON here and STRUCT(street VARCHAR, code INTEGER) there");
}

TEST(SchemaMerge, AnArrayOfAnotherLengthIsTakenWhole) {
  auto longer = [](uint32_t size) {
    return [=](TableState& state) {
      At(state, "tags").type.kind = TypeKind::kArray;
      At(state, "tags").type.array_size = size;
    };
  };
  EXPECT_EQ(Conflicts(longer(3), Widens("tags.element", TypeKind::kInt64), longer(2)),
            "column \"tags\" became INTEGER[3] here and BIGINT[2] there");
}

TEST(SchemaMerge, ConflictsInsideAStructNameThePath) {
  EXPECT_EQ(Conflicts(Renames("address.zip", "a"), Renames("address.zip", "b")),
            "column \"address.zip\" was renamed to \"a\" here and to \"b\" there");
  EXPECT_EQ(Conflicts(Renames("address.zip", "a"), Renames("address.street", "A")),
            "columns \"address.A\" (renamed from \"street\" there) and \"address.a\" (renamed from "
            "\"zip\" here) would have the same name");
}

TEST(SchemaMerge, AStructThatWouldLoseAllMembersIsAConflict) {
  EXPECT_EQ(Conflicts(Drops("zip", "address"), Drops("street", "address")),
            "no member of column \"address\" stays: what one side kept, the other dropped");
}

// ---- columns dropped and added

TEST(SchemaMerge, AColumnThatOneSideDroppedAndTheOtherLeftAloneGoes) {
  auto merged = Merged(Drops("n"), Renames("at", "time"));
  EXPECT_EQ(Names(merged), "id time address tags");
  EXPECT_THAT(merged.dropped_by_ours, ElementsAre(2));
  EXPECT_THAT(merged.dropped_by_theirs, IsEmpty());
}

TEST(SchemaMerge, OnlyColumnsThatTheOtherSideKeptAreToldAsDropped) {
  auto merged = Merged(All({Drops("n"), Drops("tags")}),
                       All({Drops("n"), Drops("at"), Drops("zip", "address")}));
  EXPECT_EQ(Names(merged), "id address");
  EXPECT_THAT(merged.dropped_by_ours, ElementsAre(7));
  EXPECT_THAT(merged.dropped_by_theirs, ElementsAre(3));
}

TEST(SchemaMerge, AColumnDroppedHereAndChangedThereIsAConflict) {
  EXPECT_EQ(Conflicts(Drops("n"), Renames("n", "a")),
            "column \"n\" was dropped here and changed there");
  EXPECT_EQ(Conflicts(Widens("address.zip", TypeKind::kInt64), Drops("address")),
            "column \"address\" was dropped there and changed here");
}

TEST(SchemaMerge, IdsOfDroppedColumnsStayUsed) {
  auto merged = Of(Merged(All({Adds("x", TypeKind::kInt32), Drops("x")}),
                          All({Adds("y", TypeKind::kInt32), Drops("y")})));
  EXPECT_EQ(merged.used_field_ids.size(), People().used_field_ids.size() + 2);
  EXPECT_TRUE(std::is_sorted(merged.used_field_ids.begin(), merged.used_field_ids.end()));
}

TEST(SchemaMerge, ATableThatWouldLoseAllColumnsIsAConflict) {
  auto base = TableOf(
      {FieldOf(1, "a", TypeOf(TypeKind::kInt32)), FieldOf(2, "b", TypeOf(TypeKind::kInt32))});
  auto merged = Merged(base, Edited(base, Drops("a")), Edited(base, Drops("b")));
  EXPECT_EQ(Text(merged), "no column stays: what one side kept, the other dropped");
}

TEST(SchemaMerge, ColumnsOfBothSidesAreAdded) {
  auto merged = Of(Merged(Adds("mine", TypeKind::kInt32), Adds("yours", TypeKind::kString)));
  EXPECT_EQ(merged.schema.fields.size(), 7u);
  EXPECT_EQ(At(merged, "mine").type.kind, TypeKind::kInt32);
  EXPECT_EQ(At(merged, "yours").type.kind, TypeKind::kString);
}

TEST(SchemaMerge, TheSameColumnAddedTwiceIsOne) {
  auto both = Adds("x", TypeKind::kInt32);
  EXPECT_EQ(Of(Merged(both, both)), Edited(People(), both));
}

TEST(SchemaMerge, TheSameColumnAddedWithOtherAttributesIsAConflict) {
  auto adds = Adds("x", TypeKind::kInt32);
  EXPECT_EQ(Conflicts(All({adds, SetsNullable("x", false)}), adds),
            "column \"x\" is NOT NULL here and nullable there");
  EXPECT_EQ(Conflicts(All({adds, Renames("x", "y")}), adds),
            "column \"y\" is called \"y\" here and \"x\" there");
  EXPECT_EQ(Conflicts(All({adds, Widens("x", TypeKind::kInt64)}), adds),
            "column \"x\" is BIGINT here and INTEGER there");
  EXPECT_EQ(Conflicts(All({adds, SetsRule("x", "add")}), adds),
            "the merge rule of column \"x\" is add here and conflict there");
}

TEST(SchemaMerge, AStructAddedTwiceHasTheMembersThatEitherSideAddedThen) {
  auto adds = [](TableState& state) {
    Add(state, "", "s", StructOf({FieldOf(0, "a", TypeOf(TypeKind::kInt32))}));
  };
  auto merged = Of(Merged(All({adds, Adds("b", TypeKind::kInt32, "s")}), adds));
  EXPECT_EQ(Names(Members(merged, "s")), "a b");
}

TEST(SchemaMerge, AColumnDroppedAndMadeAnewIsAnotherColumn) {
  auto anew = All({Drops("n"), Adds("n", TypeKind::kInt32)});
  auto merged = Merged(anew, Nothing);
  EXPECT_EQ(Names(merged), "id at address tags n");
  EXPECT_THAT(merged.dropped_by_ours, ElementsAre(2));
}

// ---- names

TEST(SchemaMerge, TwoColumnsOfOneNameAreAConflictThatNamesBoth) {
  EXPECT_EQ(Conflicts(Renames("n", "x"), Renames("at", "X")),
            "columns \"x\" (renamed from \"n\" here) and \"X\" (renamed from \"at\" there) would "
            "have the same name");
  auto merged = Merged(Renames("n", "x"), Adds("x", TypeKind::kInt32));
  EXPECT_EQ(Text(merged),
            "columns \"x\" (renamed from \"n\" here) and \"x\" (added there) would have the same "
            "name");
}

TEST(SchemaMerge, ColumnsAddedWithOneNameAndTwoTypesAreAConflict) {
  auto merged = Merged(Adds("x", TypeKind::kInt32), Adds("x", TypeKind::kString));
  EXPECT_EQ(merged.conflicts.size(), 1u);
  EXPECT_THAT(Text(merged), HasSubstr("would have the same name"));
}

TEST(SchemaMerge, NamesMayBeSwapped) {
  auto swap = All({Renames("n", "x"), Renames("at", "n"), Renames("x", "at")});
  EXPECT_EQ(Names(Of(Merged(swap, Adds("y", TypeKind::kInt32))).schema.fields),
            "id at n address tags y");
}

TEST(SchemaMerge, ANameThatOneSideGaveUpIsFreeForTheOther) {
  auto theirs = All({Drops("n"), Renames("at", "n")});
  EXPECT_EQ(Names(Of(Merged(Renames("id", "key"), theirs)).schema.fields), "key n address tags");
}

TEST(SchemaMerge, FieldsAddedUnderOneNameToTwoStructsAreAConflict) {
  auto ours = All({Renames("address", "s"), Adds("x", TypeKind::kInt32, "s")});
  auto adds = [](TableState& state) {
    Add(state, "", "s", StructOf({FieldOf(0, "x", TypeOf(TypeKind::kInt32))}));
  };
  auto theirs = All({adds, Renames("s", "t")});
  EXPECT_EQ(Conflicts(ours, theirs),
            "columns \"s.x\" and \"t.x\" were added under one name and have one field id");
  EXPECT_EQ(Names(Settled(Favour::kOurs, ours, theirs).schema.fields), "id n at s tags");
  EXPECT_EQ(Names(Settled(Favour::kTheirs, ours, theirs).schema.fields), "id n at address tags t");
}

// ---- order

TEST(SchemaMerge, TheOrderOfTheSideThatChangedItIsTaken) {
  auto ours = All({Adds("x", TypeKind::kInt32), Orders({"x", "tags", "id", "n", "at"})});
  EXPECT_EQ(Names(Merged(ours, Renames("n", "m"))), "x tags id m at");
}

TEST(SchemaMerge, ColumnsAppendedByBothComeBehindById) {
  auto merged = Of(Merged(All({Adds("x", TypeKind::kInt32), Adds("y", TypeKind::kInt32)}),
                          Adds("z", TypeKind::kInt32)));
  auto& fields = merged.schema.fields;
  EXPECT_EQ(Names({fields.begin(), fields.begin() + 5}), "id n at address tags");
  EXPECT_TRUE(std::is_sorted(fields.begin() + 5, fields.end(),
                             [](const auto& a, const auto& b) { return a.id < b.id; }));
}

TEST(SchemaMerge, AnOrderStandsThoughTheOtherSideAddsAndDrops) {
  auto theirs = All({Drops("at"), Adds("x", TypeKind::kInt32)});
  EXPECT_EQ(Names(Merged(Orders({"tags", "at", "n", "address", "id"}), theirs)),
            "tags n address id x");
}

TEST(SchemaMerge, OfTwoOrdersTheLesserSequenceOfIdsIsTaken) {
  EXPECT_EQ(Names(Merged(Orders({"n", "id", "at", "address", "tags"}),
                         Orders({"id", "tags", "address", "n", "at"}))),
            "id tags address n at");
}

TEST(SchemaMerge, MembersOfAStructHaveAnOrderToo) {
  auto merged =
      Of(Merged(Orders({"zip", "street"}, "address"), Adds("city", TypeKind::kString, "address")));
  EXPECT_EQ(Names(Members(merged, "address")), "zip street city");
}

// ---- key

TEST(SchemaMerge, AKeyThatOneSideSetIsTaken) {
  auto merged = Merged(SetsKey({"id"}), Renames("id", "number"));
  EXPECT_THAT(merged.state.key, ElementsAre(1));
  EXPECT_FALSE(merged.same_key);
}

TEST(SchemaMerge, AKeySetDifferentlyIsAConflict) {
  EXPECT_EQ(Conflicts(SetsKey({"id", "n"}), SetsKey({}), SetsKey({"id"})),
            "the key became (\"id\", \"n\") here and none there");
}

TEST(SchemaMerge, WhatContradictsByItselfIsToldOnlyOnce) {
  EXPECT_EQ(Conflicts(SetsKey({"n"}), All({SetsKey({"at"}), Drops("n")})),
            "column \"n\" was dropped there and changed here; the key became (\"n\") here and "
            "(\"at\") there");
  EXPECT_EQ(Conflicts(SetsKey({"id"}), All({SetsKey({"at"}), Drops("id")})),
            "the key became (\"id\") here and (\"at\") there");
  EXPECT_EQ(Conflicts(SortsBy("n"), All({SortsBy("at"), Drops("n")})),
            "the sort order was changed differently here and there");
}

TEST(SchemaMerge, AKeyWhoseColumnTheOtherSideDroppedIsAConflict) {
  EXPECT_EQ(Conflicts(SetsKey({"id"}), Drops("id")),
            "column \"id\" was dropped there and is part of the key here");
}

TEST(SchemaMerge, AKeyWhoseColumnMayBeNullOnTheOtherSideIsAConflict) {
  EXPECT_EQ(Conflicts(SetsNullable("id", true), SetsKey({"id"})),
            "column \"id\" may be NULL here and is part of the key there");
}

TEST(SchemaMerge, AKeyWhoseColumnGetsATypeWithoutEqualityIsAConflict) {
  EXPECT_EQ(Conflicts(SetsKey({"id"}), Widens("id", TypeKind::kJson)),
            "column \"id\" is JSON, which cannot be part of a key");
}

TEST(SchemaMerge, AKeyColumnMayGoWhereTheKeyChangedToo) {
  auto merged = Of(Merged(All({SetsKey({"at"}), Drops("id")}), Renames("n", "m"), SetsKey({"id"})));
  EXPECT_THAT(merged.key, ElementsAre(3));
}

TEST(SchemaMerge, TheKeyIsTheSameIfItsColumnsKeepTheirTypes) {
  auto before = SetsKey({"id"});
  EXPECT_TRUE(Merged(Renames("id", "a"), Drops("n"), before).same_key);
  EXPECT_FALSE(Merged(Widens("id", TypeKind::kInt128), Nothing, before).same_key);
  EXPECT_TRUE(Merged(Drops("id"), Nothing).same_key);
}

// ---- policies, sort order, checks

TEST(SchemaMerge, PoliciesAreMergedEach) {
  auto merged = Of(Merged([](TableState& state) { state.delete_wins = true; },
                          [](TableState& state) { state.merge_row = true; }));
  EXPECT_TRUE(merged.delete_wins);
  EXPECT_TRUE(merged.merge_row);
}

TEST(SchemaMerge, ASortOrderThatOneSideSetIsTaken) {
  EXPECT_EQ(Of(Merged(SortsBy("n"), Renames("n", "m"))).sort_order[0].field, 2);
}

TEST(SchemaMerge, ASortOrderSetDifferentlyIsAConflict) {
  EXPECT_EQ(Conflicts(SortsBy("n"), SortsBy("n", true)),
            "the sort order was changed differently here and there");
}

TEST(SchemaMerge, ASortOrderWhoseColumnTheOtherSideDroppedIsAConflict) {
  EXPECT_EQ(Conflicts(SortsBy("n"), Drops("n")),
            "column \"n\" was dropped there and is part of the sort order here");
}

TEST(SchemaMerge, ChecksAreMergedAsASetInTheOrderOfTheBase) {
  auto merged = Of(Merged(SetsChecks({"z", "b", "y", "d"}), SetsChecks({"c", "z", "a", "d", "q"}),
                          SetsChecks({"z", "b", "a"})));
  EXPECT_THAT(merged.checks, ElementsAre("z", "c", "d", "q", "y"));
}

TEST(SchemaMerge, ChecksThatOneSideChangedKeepItsOrder) {
  EXPECT_THAT(Of(Merged(SetsChecks({"c", "a", "b"}), Nothing)).checks, ElementsAre("c", "a", "b"));
}

// ---- rules

TEST(SchemaMerge, ARuleThatGoesByADroppedColumnIsAConflict) {
  EXPECT_EQ(Conflicts(Drops("at"), SetsRule("n", "latest(3)"), SetsRule("at", "max")),
            "column \"at\" was dropped here and decides column \"n\" (merge rule latest) there");
}

TEST(SchemaMerge, ARuleThatGoesByAColumnOfAnotherRuleIsAConflict) {
  EXPECT_EQ(Conflicts(SetsRule("n", "latest(3)"), SetsRule("at", "min"), SetsRule("at", "max")),
            "merge rule latest of column \"n\": column \"at\" must have the merge rule max, it has "
            "min");
}

TEST(SchemaMerge, ARuleThatDoesNotFitTheWiderTypeIsAConflict) {
  EXPECT_EQ(Conflicts(SetsRule("n", "add"), Widens("n", TypeKind::kFloat64)),
            "merge rule add of column \"n\": DOUBLE is not exact; make it a DECIMAL");
}

// ---- favour

TEST(SchemaMerge, OfContradictingAttributesTheFavouredSidesAreTaken) {
  auto ours = All({Renames("n", "a"), SetsKey({"id"}), SortsBy("id"), SetsAttribute("at", "k", "1"),
                   Defaults("at", "x")});
  auto theirs =
      All({Renames("n", "b"), SetsKey({"at"}), SortsBy("at"), SetsAttribute("at", "k", "2"),
           Widens("at", TypeKind::kTimestampNs), SetsRule("b", "add")});
  auto merged = Settled(Favour::kTheirs, ours, theirs);
  auto expected = Edited(Edited(People(), SetsKey({"id"})), theirs);
  EXPECT_EQ(merged, expected);
}

TEST(SchemaMerge, WhatDoesNotContradictIsTakenOfBothWhoeverIsFavoured) {
  auto merged = Settled(Favour::kOurs, All({Renames("n", "a"), Adds("x", TypeKind::kInt32)}),
                        All({Renames("n", "b"), SetsRule("b", "add"), Drops("tags")}));
  EXPECT_EQ(Names(merged.schema.fields), "id a at address x");
  EXPECT_EQ(At(merged, "a").merge_rule, "add");
}

TEST(SchemaMerge, ADroppedAndChangedColumnIsAsTheFavouredSideHasIt) {
  auto base = People();
  auto ours = Edited(base, Drops("n"));
  auto theirs = Edited(base, Renames("n", "m"));
  EXPECT_THAT(Merged(base, ours, theirs, Favour::kOurs).dropped_by_ours, ElementsAre(2));
  EXPECT_EQ(Merged(base, ours, theirs, Favour::kOurs).state, ours);
  EXPECT_EQ(Merged(base, ours, theirs, Favour::kTheirs).state, theirs);
}

TEST(SchemaMerge, OfColumnsWithOneNameTheFavouredSideKeepsItsOwn) {
  auto ours = All({Renames("n", "x"), SetsRule("id", "max")});
  auto theirs = All({Adds("x", TypeKind::kString), Renames("at", "time")});
  EXPECT_EQ(Names(Settled(Favour::kOurs, ours, theirs).schema.fields), "id x time address tags");
  EXPECT_EQ(Names(Settled(Favour::kTheirs, ours, theirs).schema.fields),
            "id n time address tags x");
}

TEST(SchemaMerge, AKeyWithoutItsColumnIsAsTheFavouredSideHasIt) {
  auto ours = All({SetsKey({"at"}), Drops("id")});
  auto merged = Settled(Favour::kTheirs, ours, Drops("at"), SetsKey({"id"}));
  EXPECT_THAT(merged.key, ElementsAre(1));
  EXPECT_EQ(Names(merged.schema.fields), "id n address tags");
  merged = Settled(Favour::kOurs, ours, Drops("at"), SetsKey({"id"}));
  EXPECT_THAT(merged.key, ElementsAre(3));
  EXPECT_EQ(Names(merged.schema.fields), "n at address tags");
}

TEST(SchemaMerge, ARuleWithoutWhatItGoesByIsAsTheFavouredSideHasIt) {
  auto sets = SetsRule("n", "latest(3)");
  auto before = SetsRule("at", "max");
  EXPECT_EQ(Names(Settled(Favour::kOurs, Drops("at"), sets, before).schema.fields),
            "id n address tags");
  EXPECT_EQ(Names(Settled(Favour::kTheirs, Drops("at"), sets, before).schema.fields),
            "id n at address tags");
}

TEST(SchemaMerge, ATableWithoutColumnsIsAsTheFavouredSideHasIt) {
  auto base = TableOf(
      {FieldOf(1, "a", TypeOf(TypeKind::kInt32)), FieldOf(2, "b", TypeOf(TypeKind::kInt32))});
  auto merged = Merged(base, Edited(base, Drops("a")), Edited(base, Drops("b")), Favour::kOurs);
  EXPECT_EQ(Names(merged), "b");
}

TEST(SchemaMerge, WhatIsWrongOnTheFavouredSideRemainsAConflict) {
  EXPECT_EQ(Text(Merged(Nothing, Renames("n", "m"), SetsRule("n", "union"), Favour::kOurs)),
            "merge rule union of column \"n\": it is for lists, not INTEGER");
}

// ---- states that no table has

TEST(SchemaMerge, WhatIsNoTableOnOneSideIsAConflict) {
  auto ours = Edited(People(), Renames("tags.element", "item"));
  EXPECT_THAT(Text(MergeSchemas(People(), ours, People(), Favour::kOurs)),
              HasSubstr("its child must be called \"element\""));
}

TEST(SchemaMerge, RowsDoNotComeAlong) {
  auto full = model::testing::TableStateSamples()[1].second;
  EXPECT_EQ(MergeSchemas(full, full, full, Favour::kNobody).state, WithoutRows(full));
}

// ---- laws over random changes

const std::vector<std::string> kNames = {"a", "b", "c", "D", "d", "e", "f", "g"};
const std::vector<TypeKind> kKinds = {TypeKind::kInt16,  TypeKind::kInt32, TypeKind::kInt64,
                                      TypeKind::kString, TypeKind::kJson,  TypeKind::kFloat64};

// A table that changes as tables can; what cannot be is not done. Defaults name their type.
class ChangingTable {
 public:
  ChangingTable(TableState state, uint64_t seed) : state_(std::move(state)), random_(seed) {}

  const TableState& state() const { return state_; }

  void Change(int times) {
    for (int i = 0; i < times; ++i) {
      auto before = state_;
      ChangeOnce();
      if (!IsValid(state_) || !DefaultsFit(state_)) state_ = std::move(before);
    }
  }

  static bool DefaultsFit(const TableState& state) {
    return std::all_of(
        state.schema.fields.begin(), state.schema.fields.end(), [](const auto& field) {
          auto fits = [&](const auto& value) {
            return !value || value->starts_with(std::to_string(static_cast<int>(field.type.kind)));
          };
          return fits(field.first_default) && fits(field.write_default);
        });
  }

 private:
  size_t Below(size_t limit) { return random_() % limit; }
  template <class Items>
  auto& OneOf(Items& items) {
    return items[Below(items.size())];
  }
  Field& AnyColumn() { return OneOf(state_.schema.fields); }
  // Mostly columns, else members of a struct.
  Fields& AnyFields() {
    auto& column = AnyColumn();
    bool nested = column.type.kind == TypeKind::kStruct && Below(2) == 0;
    return nested ? column.type.children : state_.schema.fields;
  }
  Field& AnyField() { return OneOf(AnyFields()); }
  std::optional<std::string> DefaultOf(const Type& type) {
    if (type.IsNested() || Below(3) == 0) return std::nullopt;
    return std::to_string(static_cast<int>(type.kind)) + "=" + std::to_string(Below(3));
  }

  Type AnyType() {
    if (Below(4) > 0) return TypeOf(OneOf(kKinds));
    if (Below(2) == 0) return ListOf(FieldOf(0, "", TypeOf(OneOf(kKinds))));
    return StructOf(
        {FieldOf(0, "a", TypeOf(OneOf(kKinds))), FieldOf(0, "b", TypeOf(OneOf(kKinds)))});
  }

  void AddOne() {
    auto& fields = AnyFields();
    auto field = FieldOf(0, OneOf(kNames), AnyType());
    if (&fields == &state_.schema.fields) {
      field.first_default = field.write_default = DefaultOf(field.type);
    }
    fields.insert(fields.begin() + static_cast<ptrdiff_t>(Below(4) > 0 ? fields.size() : 0), field);
    AssignFieldIds(kTable, &state_.schema, &state_.used_field_ids);
  }

  void DropOne() {
    auto& fields = AnyFields();
    fields.erase(fields.begin() + static_cast<ptrdiff_t>(Below(fields.size())));
  }

  void MoveOne() {
    auto& fields = AnyFields();
    std::swap(OneOf(fields), OneOf(fields));
  }

  void WidenOne() {
    auto& field = AnyField();
    field.type =
        field.type.kind == TypeKind::kList && Below(2) == 0 ? field.type : TypeOf(OneOf(kKinds));
    for (auto* value : {&field.first_default, &field.write_default}) {
      if (*value) *value = std::to_string(static_cast<int>(field.type.kind)) + "=wider";
    }
  }

  void SetRule() {
    const std::vector<std::string> rules = {"conflict", "add", "max", "union",
                                            "latest(" + std::to_string(AnyColumn().id) + ")"};
    AnyColumn().merge_rule = OneOf(rules);
  }

  void SetKey() {
    state_.key.clear();
    for (size_t i = Below(3); i > 0; --i) {
      auto& column = AnyColumn();
      column.nullable = false;
      if (std::count(state_.key.begin(), state_.key.end(), column.id) == 0) {
        state_.key.push_back(column.id);
      }
    }
  }

  void ChangeCheck() {
    auto check = OneOf(kNames) + " > 0";
    if (std::erase(state_.checks, check) == 0) state_.checks.push_back(check);
  }

  void SetAttribute() {
    auto& attributes = Below(3) == 0 ? state_.schema.attributes : AnyField().attributes;
    if (Below(3) == 0) return attributes.clear();
    attributes[OneOf(kNames)] = std::to_string(Below(2));
  }

  void SetPolicies() {
    if (Below(2) == 0) state_.delete_wins = !state_.delete_wins;
    if (Below(2) == 0) state_.merge_row = !state_.merge_row;
    if (Below(2) == 0) state_.sort_order = {{AnyColumn().id, Below(2) == 0, false}};
  }

  void ChangeOnce() {
    switch (Below(14)) {
      case 0:
      case 1: return AddOne();
      case 2: return DropOne();
      case 3:
      case 4: AnyField().name = OneOf(kNames); return;
      case 5: return WidenOne();
      case 6: return MoveOne();
      case 7: AnyField().nullable = Below(2) == 0; return;
      case 8: {
        auto& column = AnyColumn();
        column.write_default = DefaultOf(column.type);
        return;
      }
      case 9: return SetRule();
      case 10: return SetKey();
      case 11: return ChangeCheck();
      case 12: return SetAttribute();
      default: return SetPolicies();
    }
  }

  TableState state_;
  std::mt19937_64 random_;
};

struct Sides {
  TableState base;
  TableState ours;
  TableState theirs;

  static Sides Random(uint64_t seed) {
    ChangingTable base(TableOf({FieldOf(1, "a", TypeOf(TypeKind::kInt32))}), seed);
    base.Change(20);
    ChangingTable ours(base.state(), seed * 2 + 1'000'000);
    ChangingTable theirs(base.state(), seed * 2 + 1'000'001);
    ours.Change(static_cast<int>(seed % 7));
    theirs.Change(static_cast<int>(seed % 5));
    return {base.state(), ours.state(), theirs.state()};
  }
};

constexpr uint64_t kRandomMerges = 2'000;

// A state as single facts, each of which one side may change without the other.
using Facts = std::map<std::string, std::string>;

void TakeFacts(const Fields& fields, const std::string& parent, Facts* facts) {
  for (const auto& field : fields) {
    auto fact = [&](const std::string& what) -> std::string& {
      return (*facts)[std::to_string(field.id) + " " + what];
    };
    fact("parent") = parent;
    fact("name") = field.name;
    fact("kind") = std::to_string(static_cast<int>(field.type.kind));
    fact("nullable") = std::to_string(field.nullable);
    fact("first default") = field.first_default.value_or("-");
    fact("write default") = field.write_default.value_or("-");
    fact("rule") = field.merge_rule;
    for (const auto& [key, value] : field.attributes) fact("attribute " + key) = value;
    TakeFacts(field.type.children, std::to_string(field.id), facts);
  }
}

Facts FactsOf(const TableState& state) {
  Facts facts;
  TakeFacts(state.schema.fields, "", &facts);
  for (const auto& [key, value] : state.schema.attributes) facts["attribute " + key] = value;
  for (const auto& check : state.checks) facts["check " + check] = "";
  for (FieldId id : state.used_field_ids) facts["used " + std::to_string(id)] = "";
  for (FieldId id : state.key) facts["key"] += std::to_string(id) + " ";
  for (const auto& sort : state.sort_order) {
    facts["sort"] += std::to_string(sort.field) + (sort.descending ? "- " : "+ ");
  }
  facts["delete wins"] = std::to_string(state.delete_wins);
  facts["merge row"] = std::to_string(state.merge_row);
  return facts;
}

std::optional<std::string> FactOf(const Facts& facts, const std::string& name) {
  auto found = facts.find(name);
  return found == facts.end() ? std::nullopt : std::optional(found->second);
}

std::set<std::string> NamesOf(const std::vector<Facts>& all) {
  std::set<std::string> names;
  for (const auto& facts : all) {
    for (const auto& [name, value] : facts) names.insert(name);
  }
  return names;
}

// Nothing if both sides changed a fact in different ways.
std::optional<Facts> MergeFacts(const Sides& sides) {
  auto base = FactsOf(sides.base);
  auto ours = FactsOf(sides.ours);
  auto theirs = FactsOf(sides.theirs);
  Facts merged;
  for (const auto& name : NamesOf({base, ours, theirs})) {
    auto before = FactOf(base, name);
    auto here = FactOf(ours, name);
    auto there = FactOf(theirs, name);
    bool contradicts = here != before && there != before && here != there;
    bool is_attribute = name.find("attribute ") != std::string::npos;
    if (contradicts && !is_attribute) return std::nullopt;
    auto taken = here == before ? there : here;
    if (contradicts) taken = here && there ? std::min(here, there) : std::max(here, there);
    if (taken) merged.emplace(name, *taken);
  }
  return merged;
}

TEST(SchemaMergeLaws, AMergeHasEveryFactThatOneSideChanged) {
  uint64_t clean = 0;
  uint64_t both_changed = 0;
  for (uint64_t seed = 0; seed < kRandomMerges && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(SeedText(seed));
    auto sides = Sides::Random(seed);
    auto merged = Merged(sides.base, sides.ours, sides.theirs);
    auto expected = MergeFacts(sides);
    if (!merged.conflicts.empty()) continue;
    ++clean;
    both_changed += sides.ours != sides.base && sides.theirs != sides.base;
    ASSERT_TRUE(expected) << "both sides changed one fact, and nobody said so";
    EXPECT_EQ(FactsOf(merged.state), *expected);
    EXPECT_TRUE(ChangingTable::DefaultsFit(merged.state));
  }
  EXPECT_GT(both_changed, kRandomMerges / 5);
  EXPECT_LT(clean, kRandomMerges * 9 / 10);
}

// Where no fact contradicts, what is told is of several fields, or of a type and what hangs on it.
constexpr char kReasons[] =
    "would have the same name|have one field id|stays: what one side kept|given for another type|"
    "was dropped (here|there) and |is part of the key|cannot be part of a key|"
    "^merge rule [a-z]+ of column|^column .* became .* here and";

TEST(SchemaMergeLaws, AConflictHasAReason) {
  for (uint64_t seed = 0; seed < kRandomMerges && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(SeedText(seed));
    auto sides = Sides::Random(seed);
    if (!MergeFacts(sides)) continue;
    auto merged = MergeSchemas(sides.base, sides.ours, sides.theirs, Favour::kNobody);
    for (const auto& conflict : merged.conflicts) {
      EXPECT_THAT(conflict.what, ContainsRegex(kReasons));
    }
  }
}

TEST(SchemaMergeLaws, AMergeWithAnUnchangedSideIsTheOther) {
  for (uint64_t seed = 0; seed < kRandomMerges && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(SeedText(seed));
    auto sides = Sides::Random(seed);
    for (auto favour : {Favour::kNobody, Favour::kOurs, Favour::kTheirs}) {
      EXPECT_EQ(Of(Merged(sides.base, sides.ours, sides.base, favour)), sides.ours);
      EXPECT_EQ(Of(Merged(sides.base, sides.base, sides.ours, favour)), sides.ours);
      EXPECT_EQ(Of(Merged(sides.base, sides.ours, sides.ours, favour)), sides.ours);
    }
  }
}

TEST(SchemaMergeLaws, AnOrderThatOneSideChangedIsTaken) {
  for (uint64_t seed = 0; seed < kRandomMerges && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(SeedText(seed));
    auto sides = Sides::Random(seed);
    auto ids = [](const TableState& state) {
      std::vector<FieldId> ids;
      for (const auto& field : state.schema.fields) ids.push_back(field.id);
      return ids;
    };
    auto merged = Merged(sides.base, sides.ours, sides.theirs);
    if (!merged.conflicts.empty() || ids(sides.theirs) != ids(sides.base)) continue;
    EXPECT_EQ(ids(merged.state), ids(sides.ours));
  }
}

TEST(SchemaMergeLaws, AFavouredMergeHasNoConflictAndNothingThatNeitherSideHas) {
  for (uint64_t seed = 0; seed < kRandomMerges && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(SeedText(seed));
    auto sides = Sides::Random(seed);
    auto ours = FactsOf(sides.ours);
    auto theirs = FactsOf(sides.theirs);
    auto merged = Of(Merged(sides.base, sides.ours, sides.theirs, Favour::kTheirs));
    EXPECT_TRUE(ChangingTable::DefaultsFit(merged));
    for (const auto& [name, value] : FactsOf(merged)) {
      EXPECT_TRUE(FactOf(ours, name) == value || FactOf(theirs, name) == value) << name;
    }
  }
}

TEST(SchemaMergeLaws, FavourChangesNothingWhereNothingContradicts) {
  for (uint64_t seed = 0; seed < kRandomMerges && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(SeedText(seed));
    auto sides = Sides::Random(seed);
    auto merged = MergeSchemas(sides.base, sides.ours, sides.theirs, Favour::kNobody);
    if (!merged.conflicts.empty()) continue;
    EXPECT_EQ(Of(Merged(sides.base, sides.ours, sides.theirs, Favour::kOurs)), merged.state);
  }
}

}  // namespace
}  // namespace rhizo::merge
