#include "model/schema.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "model/schema_coding.h"
#include "model/testing/canonical.h"
#include "model/testing/samples.h"

namespace rhizo::model {
namespace {

using testing::FieldOf;
using testing::FilledId;
using testing::ListOf;
using testing::StructOf;
using testing::TypeOf;

const TableId kTable = FilledId<TableId>(7);

Schema SchemaOf(std::vector<std::string> names) {
  Schema schema;
  for (auto& name : names) schema.fields.push_back(FieldOf(0, name, TypeOf(TypeKind::kInt64)));
  return schema;
}

Type NestedLists(int levels) {
  Type type = TypeOf(TypeKind::kInt64);
  for (int i = 1; i < levels; ++i) type = ListOf(FieldOf(0, "", std::move(type)));
  return type;
}

ErrorCode CodeOf(const Status& status) { return status.error().code(); }

TEST(Type, IsSpelledAsTheEngineSpellsIt) {
  Type number = TypeOf(TypeKind::kDecimal);
  number.precision = 10;
  number.scale = 2;
  Type list = ListOf(FieldOf(0, "", TypeOf(TypeKind::kString)));
  Type record = StructOf({FieldOf(0, "a", TypeOf(TypeKind::kInt32)), FieldOf(0, "b C", list)});
  EXPECT_EQ(number.ToString(), "DECIMAL(10,2)");
  EXPECT_EQ(record.ToString(), "STRUCT(a INTEGER, \"b C\" VARCHAR[])");
}

TEST(Type, EveryKindHasASpelling) {
  std::string text;
  for (const auto& field : testing::EverySchema().fields) text += field.type.ToString() + "; ";
  EXPECT_EQ(
      text,
      "BOOLEAN; TINYINT; SMALLINT; INTEGER; BIGINT; HUGEINT; UTINYINT; USMALLINT; UINTEGER; "
      "UBIGINT; UHUGEINT; FLOAT; DOUBLE; DECIMAL(10,2); VARCHAR; BLOB; BIT; UUID; DATE; TIME; "
      "TIME_NS; TIME WITH TIME ZONE; TIMESTAMP_S; TIMESTAMP_MS; TIMESTAMP; TIMESTAMP_NS; "
      "TIMESTAMP WITH TIME ZONE; INTERVAL; ENUM('low', 'high'); VARCHAR[]; VARCHAR[3]; "
      "STRUCT(element VARCHAR, value BIGINT); MAP(VARCHAR, BIGINT); "
      "UNION(element VARCHAR, value BIGINT); JSON; ");
}

TEST(ValidateSchema, TakesOneColumnOfEveryKind) {
  EXPECT_TRUE(ValidateSchema(testing::EverySchema()));
}

TEST(ValidateSchema, NeedsAColumn) { EXPECT_EQ(CodeOf(ValidateSchema({})), ErrorCode::kSchema); }

TEST(ValidateSchema, RefusesNamesThatDifferOnlyInCase) {
  EXPECT_EQ(CodeOf(ValidateSchema(SchemaOf({"Ort", "ORT"}))), ErrorCode::kSchema);
}

TEST(ValidateSchema, RefusesNamesNobodyCanSee) {
  EXPECT_EQ(CodeOf(ValidateSchema(SchemaOf({"a\nb"}))), ErrorCode::kInvalidName);
}

TEST(ValidateSchema, NamesTheColumnOfABadType) {
  Schema schema = SchemaOf({"good", "bad"});
  schema.fields[1].type = TypeOf(TypeKind::kDecimal);
  auto status = ValidateSchema(schema);
  EXPECT_EQ(CodeOf(status), ErrorCode::kSchema);
  EXPECT_EQ(status.error().field("column"), "bad");
}

TEST(ValidateSchema, Takes64LevelsAndNotMore) {
  Schema schema = SchemaOf({"deep"});
  schema.fields[0].type = NestedLists(64);
  EXPECT_TRUE(ValidateSchema(schema));
  schema.fields[0].type = NestedLists(65);
  EXPECT_EQ(CodeOf(ValidateSchema(schema)), ErrorCode::kSchema);
}

TEST(ValidateType, RefusesParametersOfAnotherType) {
  Type type = TypeOf(TypeKind::kInt32);
  type.precision = 3;
  EXPECT_FALSE(ValidateType(type));
  type = TypeOf(TypeKind::kString);
  type.children = {FieldOf(0, "element", TypeOf(TypeKind::kInt32))};
  EXPECT_FALSE(ValidateType(type));
}

TEST(ValidateType, RefusesTwinEnumValues) {
  Type type = TypeOf(TypeKind::kEnum);
  type.enum_values = {"a", "b", "a"};
  EXPECT_FALSE(ValidateType(type));
}

TEST(ValidateType, RefusesStructsWithoutMembers) { EXPECT_FALSE(ValidateType(StructOf({}))); }

TEST(Schema, FindsExactlyElseByCase) {
  Schema schema = SchemaOf({"a", "Straße"});
  EXPECT_EQ(schema.Find("a"), 0);
  EXPECT_EQ(schema.Find("A"), 0);
  EXPECT_EQ(schema.Find("STRASSE"), 1);
  EXPECT_EQ(schema.Find("b"), -1);
}

TEST(FieldIds, AreTheSameForTheSameColumnAddedTwice) {
  std::vector<FieldId> used_here, used_there;
  Schema here = SchemaOf({"a", "b"});
  Schema there = SchemaOf({"c", "b"});
  AssignFieldIds(kTable, &here, &used_here);
  AssignFieldIds(kTable, &there, &used_there);
  EXPECT_EQ(here.fields[1].id, there.fields[1].id);
  EXPECT_NE(here.fields[0].id, there.fields[0].id);
}

TEST(FieldIds, DifferByTableAndType) {
  std::vector<FieldId> used;
  Schema a = SchemaOf({"a"});
  Schema other_table = SchemaOf({"a"});
  Schema other_type = SchemaOf({"a"});
  other_type.fields[0].type = TypeOf(TypeKind::kString);
  AssignFieldIds(kTable, &a, &used);
  used.clear();
  AssignFieldIds(FilledId<TableId>(8), &other_table, &used);
  used.clear();
  AssignFieldIds(kTable, &other_type, &used);
  EXPECT_NE(a.fields[0].id, other_table.fields[0].id);
  EXPECT_NE(a.fields[0].id, other_type.fields[0].id);
}

TEST(FieldIds, AreNeverUsedAgain) {
  std::vector<FieldId> used;
  Schema first = SchemaOf({"a"});
  Schema again = SchemaOf({"a"});
  AssignFieldIds(kTable, &first, &used);
  AssignFieldIds(kTable, &again, &used);
  EXPECT_NE(first.fields[0].id, again.fields[0].id);
  EXPECT_EQ(used.size(), 2u);
  EXPECT_TRUE(std::is_sorted(used.begin(), used.end()));
}

TEST(FieldIds, GivenOnesStayAndNestedFieldsGetTheirOwn) {
  std::vector<FieldId> used;
  Schema schema;
  schema.fields = {FieldOf(5, "s",
                           StructOf({FieldOf(6, "x", TypeOf(TypeKind::kInt8)),
                                     FieldOf(0, "y", TypeOf(TypeKind::kInt8))}))};
  AssignFieldIds(kTable, &schema, &used);
  EXPECT_EQ(schema.fields[0].id, 5);
  EXPECT_EQ(schema.fields[0].type.children[0].id, 6);
  EXPECT_GT(schema.fields[0].type.children[1].id, 0);
  EXPECT_EQ(used.size(), 3u);
}

TEST(FieldIds, StayFixed) {
  std::vector<FieldId> used;
  Schema schema = SchemaOf({"a"});
  AssignFieldIds(kTable, &schema, &used);
  EXPECT_EQ(schema.fields[0].id, 1826975174);
}

TEST(SameShape, IgnoresIdsAndAttributes) {
  Schema a = testing::EverySchema();
  Schema b = a;
  b.fields[0].id = 99999;
  b.fields[31].type.children[0].id = 77777;
  b.fields[1].attributes = {{"k", "v"}};
  EXPECT_TRUE(SameShape(a, b));
  b.fields[2].nullable = false;
  EXPECT_FALSE(SameShape(a, b));
}

TEST(SameShape, SeesNamesInsideStructs) {
  Schema a = testing::EverySchema();
  Schema b = a;
  b.fields[31].type.children[0].name = "other";
  EXPECT_FALSE(SameShape(a, b));
}

TEST(SchemaCoding, OnlyItsOwnEncodingIsTaken) {
  for (const auto& [name, schema] : testing::SchemaSamples()) {
    SCOPED_TRACE(name);
    testing::ExpectCanonical(schema, DecodeSchema);
  }
}

TEST(SchemaCoding, TypesAndFieldsComeBackAlone) {
  for (const auto& field : testing::EverySchema().fields) {
    EXPECT_EQ(*DecodeField(Encode(field)), field);
    EXPECT_EQ(*DecodeType(Encode(field.type)), field.type);
  }
}

TEST(SchemaCoding, TypesDeeperThan64LevelsAreRefused) {
  EXPECT_TRUE(DecodeType(Encode(NestedLists(64))));
  EXPECT_FALSE(DecodeType(Encode(NestedLists(65))));
  EXPECT_FALSE(DecodeType(Encode(NestedLists(5000))));
}

TEST(SchemaCoding, UnassignedOrTwinIdsAreRefused) {
  Schema schema = testing::SchemaSamples()[0].second;
  schema.fields[0].id = 0;
  EXPECT_FALSE(DecodeSchema(Encode(schema)));
  schema.fields[0].id = 11;  // also of a nested field
  EXPECT_FALSE(DecodeSchema(Encode(schema)));
}

}  // namespace
}  // namespace rhizo::model
