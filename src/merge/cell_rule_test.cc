// The rules of cells: each law, its edges, and that merges in any order agree.
#include "merge/cell_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "engine/testing/random_values.h"
#include "engine/types.h"
#include "table/column_encoder.h"
#include "table/single_value.h"
#include "table/testing/tables.h"

namespace rhizo::merge {
namespace {

using duckdb::LogicalType;
using duckdb::Value;
using engine::DecimalOf;
using engine::ExactText;
using engine::Generator;
using engine::RandomType;
using engine::RandomValue;
using model::Type;
using model::TypeKind;
using table::testing::Of;
using ::testing::HasSubstr;
using enum RuleKind;
using Wide = unsigned __int128;

constexpr uint64_t kSeed = 20261126;
constexpr std::array kKnownBases = {BaseKind::kValue, BaseKind::kAbsent};
constexpr std::array kUnknownBases = {BaseKind::kSameRow, BaseKind::kUndefined};
constexpr std::array kAllBases = {BaseKind::kValue, BaseKind::kAbsent, BaseKind::kSameRow,
                                  BaseKind::kUndefined};
constexpr std::array kDecided = {kConflict, kAdd, kMultiply, kMax, kMin, kUnion, kIntersect};

// ---- values as text, "-" for a conflict

std::string Text(const Type& type, const std::optional<Value>& value) {
  if (!value) return "-";
  EXPECT_EQ(value->type(), engine::ToLogicalType(type));
  return ExactText(*value);
}

Type ListOf(Type element) {
  Type list = Of(TypeKind::kList);
  model::Field field;
  field.name = "element";
  field.type = std::move(element);
  list.children.push_back(std::move(field));
  return list;
}

Type IntegerSet() { return ListOf(Of(TypeKind::kInt32)); }

Value Null(const Type& type) { return Value(engine::ToLogicalType(type)); }

Value Items(const Type& list, const std::vector<Value>& items) {
  return Value::LIST(engine::ToLogicalType(list.children[0].type),
                     duckdb::vector<Value>(items.begin(), items.end()));
}

Value Integers(const std::vector<int>& items) {
  std::vector<Value> values;
  for (int item : items) values.push_back(Value::INTEGER(item));
  return Items(IntegerSet(), values);
}

// An integer or decimal (scaled), of its two's complement.
Value Number(const Type& type, Wide bits) {
  std::string_view bytes(reinterpret_cast<const char*>(&bits), table::FixedWidth(type));
  return table::DecodeValue(type, bytes).value();
}

Wide PowerOfTen(int digits) {
  Wide power = 1;
  while (digits-- > 0) power *= 10;
  return power;
}

std::optional<Value> Merged(RuleKind kind, const Type& type, const Value& base, const Value& ours,
                            const Value& theirs) {
  return Decide({.kind = kind}, type, BaseKind::kValue, base, ours, theirs);
}

std::optional<Value> Inserted(RuleKind kind, const Type& type, const Value& ours,
                              const Value& theirs) {
  return Decide({.kind = kind}, type, BaseKind::kAbsent, Null(type), ours, theirs);
}

// A type of exact numbers; a number (a decimal's is scaled) is its two's complement.
struct Numeric {
  Type type;
  Wide least;
  Wide greatest;

  Value operator()(Wide bits) const { return Number(type, bits); }
  std::string Text(Wide bits) const { return ExactText(Number(type, bits)); }
  std::string Merge(RuleKind kind, Wide base, Wide ours, Wide theirs) const {
    return merge::Text(type, Merged(kind, type, (*this)(base), (*this)(ours), (*this)(theirs)));
  }
  std::string Insert(RuleKind kind, Wide ours, Wide theirs) const {
    return merge::Text(type, Inserted(kind, type, (*this)(ours), (*this)(theirs)));
  }
};

Numeric IntegerOf(TypeKind kind) {
  Numeric numeric{.type = Of(kind), .least = 0, .greatest = 0};
  size_t bits = 8 * table::FixedWidth(numeric.type);
  bool is_signed = kind <= TypeKind::kInt128;
  numeric.greatest = ~Wide{0} >> (128 - bits + (is_signed ? 1 : 0));
  if (is_signed) numeric.least = ~numeric.greatest;
  return numeric;
}

Numeric DecimalLimits(uint8_t precision, uint8_t scale) {
  Wide greatest = PowerOfTen(precision) - 1;
  return {.type = DecimalOf(precision, scale), .least = -greatest, .greatest = greatest};
}

std::vector<Numeric> AllNumeric() {
  std::vector<Numeric> all;
  for (int kind = 2; kind <= 11; ++kind) all.push_back(IntegerOf(static_cast<TypeKind>(kind)));
  for (uint8_t precision : {4, 9, 18, 38}) all.push_back(DecimalLimits(precision, 1));
  return all;
}

std::vector<Numeric> SignedNumeric() {
  auto all = AllNumeric();
  std::erase_if(all, [](const auto& numeric) { return numeric.least == 0; });
  return all;
}

std::string Int(RuleKind kind, int base, int ours, int theirs) {
  auto wide = [](int number) { return static_cast<Wide>(number); };
  return IntegerOf(TypeKind::kInt32).Merge(kind, wide(base), wide(ours), wide(theirs));
}

std::string IntInserted(RuleKind kind, int ours, int theirs) {
  auto wide = [](int number) { return static_cast<Wide>(number); };
  return IntegerOf(TypeKind::kInt32).Insert(kind, wide(ours), wide(theirs));
}

std::string SetMerged(RuleKind kind, const std::vector<int>& base, const std::vector<int>& ours,
                      const std::vector<int>& theirs) {
  auto merged = Merged(kind, IntegerSet(), Integers(base), Integers(ours), Integers(theirs));
  return Text(IntegerSet(), merged);
}

std::string SetText(const std::vector<int>& items) { return Text(IntegerSet(), Integers(items)); }

double NanOf(uint64_t payload) {
  return std::bit_cast<double>(uint64_t{0x7ff8'0000'0000'0000} | payload);
}

// ---- rules as text

model::Schema Columns() {
  auto enumeration = Of(TypeKind::kEnum);
  enumeration.enum_values = {"z", "a"};
  auto schema = table::testing::SchemaOf(
      {Of(TypeKind::kInt64), Of(TypeKind::kFloat64), DecimalOf(10, 2), Of(TypeKind::kString),
       IntegerSet(), Of(TypeKind::kTimestampUs), enumeration, Of(TypeKind::kJson)});
  std::vector<std::string> names = {"count", "ratio",   "price", "name",
                                    "tags",  "seen at", "level", "doc"};
  for (size_t i = 0; i < names.size(); ++i) schema.fields[i].name = names[i];
  return schema;
}

const model::Field& Column(const model::Schema& schema, std::string_view name) {
  return schema.fields[static_cast<size_t>(schema.Find(name))];
}

Error Refusal(const model::Schema& schema, std::string_view column, const MergeRule& rule) {
  return CheckRule(schema, Column(schema, column), rule).error();
}

bool MayStand(const Type& type, RuleKind kind) {
  auto schema = table::testing::SchemaOf({type});
  auto status = CheckRule(schema, schema.fields[0], {.kind = kind});
  EXPECT_TRUE(status.has_value() || status.error().code() == ErrorCode::kSchema);
  return status.has_value();
}

TEST(MergeRule, IsReadAsItIsStored) {
  for (int kind = 0; kind < 7; ++kind) {
    MergeRule rule{.kind = static_cast<RuleKind>(kind)};
    EXPECT_EQ(ParseRule(ToString(rule)).value(), rule);
  }
  MergeRule latest{.kind = kLatest, .by = 2147483447};
  EXPECT_EQ(ToString(latest), "latest(2147483447)");
  EXPECT_EQ(ParseRule("latest(2147483447)").value(), latest);
}

TEST(MergeRule, IsStoredUnderItsName) {
  std::vector<std::string> names;
  for (int kind = 0; kind < 7; ++kind) names.push_back(ToString({static_cast<RuleKind>(kind)}));
  EXPECT_THAT(names, ::testing::ElementsAre("conflict", "add", "multiply", "max", "min", "union",
                                            "intersect"));
}

TEST(MergeRule, StoredInAnyOtherWayIsCorrupt) {
  for (const char* text :
       {"", "Add", "add ", "sum", "latest", "latest(", "latest()", "latest(0)", "latest(-1)",
        "latest(01)", "latest(+1)", "latest(1) ", "latest(1))", "latest(x)", "latest( 1)",
        "latest(2147483648)", "latest(99999999999999999999)", "max(1)"}) {
    auto rule = ParseRule(text);
    ASSERT_FALSE(rule.has_value()) << text;
    EXPECT_EQ(rule.error().code(), ErrorCode::kCorruption);
  }
}

TEST(MergeRule, OfUsersNamesAColumn) {
  auto schema = Columns();
  EXPECT_EQ(ResolveRule(schema, "union").value(), MergeRule{.kind = kUnion});
  auto latest = ResolveRule(schema, "latest(Seen At)");
  EXPECT_EQ(latest.value(), (MergeRule{.kind = kLatest, .by = Column(schema, "seen at").id}));
}

TEST(MergeRule, MayNameAColumnWithParentheses) {
  auto schema = Columns();
  schema.fields[1].name = "f(x)";
  EXPECT_EQ(ResolveRule(schema, "latest(f(x))").value().by, schema.fields[1].id);
}

TEST(MergeRule, ThatIsUnknownIsAnsweredWithTheNearestAndAllOthers) {
  auto error = ResolveRule(Columns(), "multipy").error();
  EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
  EXPECT_EQ(error.message(),
            "there is no merge rule \"multipy\"; did you mean \"multiply\"? The rules are "
            "conflict, add, multiply, max, min, union, intersect, latest(<column>)");
  EXPECT_THAT(ResolveRule(Columns(), "latest").error().message(),
              HasSubstr("did you mean \"latest(<column>)\"?"));
  EXPECT_THAT(ResolveRule(Columns(), "lastest(name)").error().message(),
              HasSubstr("did you mean \"latest(<column>)\"?"));
  EXPECT_THAT(ResolveRule(Columns(), "overwrite").error().message(),
              HasSubstr("\"overwrite\"; the rules are conflict, add"));
}

TEST(MergeRule, ThatDoesNotCloseItsParenthesisIsUnknown) {
  EXPECT_EQ(ResolveRule(Columns(), "latest(name").error().code(), ErrorCode::kInvalidArgument);
}

TEST(MergeRule, ByAnUnknownColumnIsAnsweredWithTheNearest) {
  auto error = ResolveRule(Columns(), "latest(seen_at)").error();
  EXPECT_EQ(error.code(), ErrorCode::kSchema);
  EXPECT_EQ(error.field("column"), "seen_at");
  EXPECT_THAT(error.message(), HasSubstr("did you mean \"seen at\"?"));
}

TEST(MergeRule, ConflictStandsOnEveryType) {
  for (const auto& type : engine::LeafTypes()) EXPECT_TRUE(MayStand(type, kConflict));
  EXPECT_TRUE(MayStand(IntegerSet(), kConflict));
}

TEST(MergeRule, AddAndMultiplyStandOnExactNumbersOnly) {
  for (const auto& type : engine::LeafTypes()) {
    bool exact = (type.kind >= TypeKind::kInt8 && type.kind <= TypeKind::kUInt128) ||
                 type.kind == TypeKind::kDecimal;
    EXPECT_EQ(MayStand(type, kAdd), exact) << type.ToString();
    EXPECT_EQ(MayStand(type, kMultiply), exact) << type.ToString();
  }
  EXPECT_FALSE(MayStand(IntegerSet(), kAdd));
}

TEST(MergeRule, AddOnAFloatIsRefusedWithTheHintDecimal) {
  auto error = Refusal(Columns(), "ratio", {.kind = kAdd});
  EXPECT_EQ(error.message(),
            "merge rule add of column \"ratio\": DOUBLE is not exact; make it a DECIMAL");
  EXPECT_EQ(error.field("column"), "ratio");
}

TEST(MergeRule, MaxAndMinStandOnTypesWithAnOrder) {
  for (const auto& type : engine::LeafTypes()) {
    EXPECT_EQ(MayStand(type, kMax), type.kind != TypeKind::kJson) << type.ToString();
    EXPECT_EQ(MayStand(type, kMin), type.kind != TypeKind::kJson) << type.ToString();
  }
  EXPECT_FALSE(MayStand(IntegerSet(), kMax));
  EXPECT_THAT(Refusal(Columns(), "doc", {.kind = kMin}).message(), HasSubstr("JSON"));
}

TEST(MergeRule, UnionAndIntersectStandOnListsOnly) {
  for (auto kind : {kUnion, kIntersect}) {
    EXPECT_TRUE(MayStand(ListOf(Of(TypeKind::kJson)), kind));
    EXPECT_TRUE(MayStand(ListOf(IntegerSet()), kind));
    for (const auto& type : engine::LeafTypes()) EXPECT_FALSE(MayStand(type, kind));
    Type array = IntegerSet();
    array.kind = TypeKind::kArray;
    array.array_size = 2;
    EXPECT_FALSE(MayStand(array, kind));
  }
}

TEST(MergeRule, LatestNeedsAnotherColumnWithTheRuleMax) {
  auto schema = Columns();
  MergeRule rule{.kind = kLatest, .by = Column(schema, "seen at").id};
  EXPECT_EQ(Refusal(schema, "doc", rule).message(),
            "merge rule latest of column \"doc\": column \"seen at\" must have the merge rule max, "
            "it has conflict");
  schema.fields[static_cast<size_t>(schema.Find("seen at"))].merge_rule = "max";
  EXPECT_TRUE(CheckRule(schema, Column(schema, "doc"), rule).has_value());
  EXPECT_TRUE(CheckRule(schema, Column(schema, "tags"), rule).has_value());
  EXPECT_THAT(Refusal(schema, "seen at", rule).message(), HasSubstr("another column"));
  EXPECT_THAT(Refusal(schema, "doc", {.kind = kLatest, .by = 4711}).message(), HasSubstr("4711"));
}

TEST(MergeRule, LatestByALatestIsRefused) {
  auto schema = Columns();
  schema.fields[0].merge_rule = "latest(6)";
  auto error = Refusal(schema, "doc", {.kind = kLatest, .by = schema.fields[0].id});
  EXPECT_THAT(error.message(), ::testing::EndsWith("it has latest"));
}

// ---- conflict

TEST(ConflictRule, TakesEqualValuesAndNothingElse) {
  EXPECT_EQ(Int(kConflict, 1, 2, 2), "2");
  EXPECT_EQ(Int(kConflict, 1, 2, 3), "-");
  EXPECT_EQ(IntInserted(kConflict, 2, 2), "2");
  EXPECT_EQ(IntInserted(kConflict, 2, 3), "-");
}

TEST(ConflictRule, TakesZerosAndNansForEqualOnlyBitByBit) {
  Type type = Of(TypeKind::kFloat64);
  auto merged = [&](double ours, double theirs) {
    return Merged(kConflict, type, Value::DOUBLE(1), Value::DOUBLE(ours), Value::DOUBLE(theirs));
  };
  EXPECT_FALSE(merged(0.0, -0.0).has_value());
  EXPECT_FALSE(merged(NanOf(1), NanOf(2)).has_value());
  EXPECT_EQ(Text(type, merged(NanOf(2), NanOf(2))), ExactText(Value::DOUBLE(NanOf(2))));
  EXPECT_EQ(Text(type, merged(-0.0, -0.0)), ExactText(Value::DOUBLE(-0.0)));
}

TEST(ConflictRule, TellsApartIntervalsOfOneLength) {
  Type type = Of(TypeKind::kInterval);
  auto merged = Merged(kConflict, type, Value::INTERVAL(0, 0, 0), Value::INTERVAL(1, 0, 0),
                       Value::INTERVAL(0, 30, 0));
  EXPECT_FALSE(merged.has_value());
}

TEST(ConflictRule, TakesEqualNestedValues) {
  Generator random(kSeed);
  for (int i = 0; i < 500; ++i) {
    Type type = RandomType(&random, 3);
    Value value = RandomValue(&random, type);
    auto merged = Merged(kConflict, type, Null(type), value, value);
    ASSERT_EQ(Text(type, merged), ExactText(value)) << type.ToString();
  }
}

// ---- add

TEST(AddRule, AddsBothChanges) {
  EXPECT_EQ(Int(kAdd, 10, 9, 8), "7");
  EXPECT_EQ(Int(kAdd, -5, 5, -10), "0");
  EXPECT_EQ(Int(kAdd, 5, -5, 10), "0");
}

TEST(AddRule, CountsEqualChangesTwice) { EXPECT_EQ(Int(kAdd, 10, 9, 9), "8"); }

TEST(AddRule, TakesAnAbsentBaseForZero) {
  EXPECT_EQ(IntInserted(kAdd, 2, 3), "5");
  EXPECT_EQ(IntInserted(kAdd, 2, 2), "4");
  EXPECT_EQ(IntInserted(kAdd, -2, 2), "0");
}

TEST(AddRule, ConflictsWhereTheSumDoesNotFit) {
  for (const auto& number : AllNumeric()) {
    SCOPED_TRACE(number.type.ToString());
    Wide most = number.greatest;
    EXPECT_EQ(number.Merge(kAdd, most - 2, most - 1, most - 1), number.Text(most));
    EXPECT_EQ(number.Merge(kAdd, most - 2, most, most - 1), "-");
    EXPECT_EQ(number.Merge(kAdd, number.least + 2, number.least + 1, number.least + 1),
              number.Text(number.least));
    EXPECT_EQ(number.Merge(kAdd, number.least + 2, number.least, number.least + 1), "-");
  }
}

TEST(AddRule, ConflictsOfInsertedValuesThatDoNotFit) {
  for (const auto& number : AllNumeric()) {
    SCOPED_TRACE(number.type.ToString());
    EXPECT_EQ(number.Insert(kAdd, number.greatest, 0), number.Text(number.greatest));
    EXPECT_EQ(number.Insert(kAdd, number.greatest, 1), "-");
    EXPECT_EQ(number.Insert(kAdd, number.greatest, number.greatest), "-");
    if (number.least == 0) continue;
    EXPECT_EQ(number.Insert(kAdd, number.least, -Wide{1}), "-");
    EXPECT_EQ(number.Insert(kAdd, number.least, number.least), "-");
  }
}

TEST(AddRule, FindsASumThatFitsThoughItsPartsDoNot) {
  for (const auto& number : AllNumeric()) {
    SCOPED_TRACE(number.type.ToString());
    Wide most = number.greatest;
    Wide least = number.least;
    EXPECT_EQ(number.Merge(kAdd, most, most - 1, most - 1), number.Text(most - 2));
    EXPECT_EQ(number.Merge(kAdd, least, least + 1, least + 1), number.Text(least + 2));
    EXPECT_EQ(number.Merge(kAdd, least, most, least + 1), "-");
    EXPECT_EQ(number.Merge(kAdd, most, least, most - 1), "-");
    EXPECT_EQ(number.Merge(kAdd, most - 1, least, most), number.Text(least + 1));
    EXPECT_EQ(number.Merge(kAdd, least + 1, most, least), number.Text(most - 1));
  }
}

// Sums of 128 bits by halves, the oracle for what fits.
struct Halves {
  __int128 low = 0;
  __int128 high = 0;

  void Add(Wide bits, bool is_signed, int sign) {
    auto top = static_cast<uint64_t>(bits >> 64);
    low += sign * static_cast<__int128>(static_cast<uint64_t>(bits));
    high += sign * (is_signed ? static_cast<__int128>(static_cast<int64_t>(top))
                              : static_cast<__int128>(top));
  }
  // The top half with what the low one carries into it.
  __int128 Top() const { return high + (low >> 64); }
  Wide Bits() const { return (static_cast<Wide>(Top()) << 64) | static_cast<uint64_t>(low); }
};

Wide RandomWide(Generator* random) {
  Wide bits = (static_cast<Wide>((*random)()) << 64) | (*random)();
  bits >>= (*random)() % 128;
  if ((*random)() % 3 == 0) bits = -bits;
  if ((*random)() % 4 == 0) bits ^= Wide{1} << 127;
  return bits;
}

TEST(AddRule, IsExactAtAnySizeOf128Bits) {
  Generator random(kSeed);
  int conflicts = 0;
  for (int i = 0; i < 10000; ++i) {
    bool is_signed = i % 2 == 0;
    auto number = IntegerOf(is_signed ? TypeKind::kInt128 : TypeKind::kUInt128);
    Wide base = RandomWide(&random);
    Wide ours = RandomWide(&random);
    Wide theirs = RandomWide(&random);
    Halves sum;
    sum.Add(base, is_signed, -1);
    sum.Add(ours, is_signed, 1);
    sum.Add(theirs, is_signed, 1);
    bool fits = is_signed ? sum.Top() == static_cast<int64_t>(sum.Top())
                          : sum.Top() == static_cast<uint64_t>(sum.Top());
    conflicts += fits ? 0 : 1;
    ASSERT_EQ(number.Merge(kAdd, base, ours, theirs), fits ? number.Text(sum.Bits()) : "-");
  }
  EXPECT_GT(conflicts, 1000);
  EXPECT_LT(conflicts, 9000);
}

TEST(AddRule, OfDecimalsAddsWhatTheyMean) {
  EXPECT_EQ(DecimalLimits(6, 2).Merge(kAdd, 1050, 1075, 1000), "10.25");
}

// ---- multiply

TEST(MultiplyRule, MultipliesBothFactors) {
  EXPECT_EQ(Int(kMultiply, 6, 12, 18), "36");
  EXPECT_EQ(Int(kMultiply, 6, 3, 12), "6");
  EXPECT_EQ(Int(kMultiply, -6, 12, 18), "-36");
  EXPECT_EQ(Int(kMultiply, -6, -12, 18), "36");
  EXPECT_EQ(Int(kMultiply, -6, -12, -18), "-36");
  EXPECT_EQ(Int(kMultiply, 6, -12, -18), "36");
}

TEST(MultiplyRule, CountsEqualChangesTwice) { EXPECT_EQ(Int(kMultiply, 5, 10, 10), "20"); }

TEST(MultiplyRule, IsExactThoughNeitherFactorIs) {
  EXPECT_EQ(Int(kMultiply, 6, 4, 9), "6");
  EXPECT_EQ(Int(kMultiply, 4, 6, 6), "9");
}

TEST(MultiplyRule, ConflictsWhereTheResultIsNotExact) {
  EXPECT_EQ(Int(kMultiply, 2, 3, 3), "-");
  EXPECT_EQ(Int(kMultiply, 7, 3, 5), "-");
}

TEST(MultiplyRule, ConflictsWhereAZeroIsInvolved) {
  EXPECT_EQ(Int(kMultiply, 0, 3, 5), "-");
  EXPECT_EQ(Int(kMultiply, 3, 0, 6), "-");
  EXPECT_EQ(Int(kMultiply, 3, 6, 0), "-");
  EXPECT_EQ(Int(kMultiply, 3, 0, 0), "-");
  EXPECT_EQ(IntInserted(kMultiply, 0, 6), "-");
}

TEST(MultiplyRule, TakesAnAbsentBaseForOne) {
  EXPECT_EQ(IntInserted(kMultiply, 4, 6), "24");
  EXPECT_EQ(IntInserted(kMultiply, 4, 4), "16");
  EXPECT_EQ(IntInserted(kMultiply, -4, 6), "-24");
}

TEST(MultiplyRule, OfDecimalsMultipliesWhatTheyMean) {
  auto price = DecimalLimits(6, 2);
  EXPECT_EQ(price.Merge(kMultiply, 200, 250, 300), "3.75");
  EXPECT_EQ(price.Insert(kMultiply, 150, 250), "3.75");
  EXPECT_EQ(price.Insert(kMultiply, -Wide{150}, 250), "-3.75");
  EXPECT_EQ(price.Insert(kMultiply, 1, 1), "-");
}

TEST(MultiplyRule, OfDecimalsThatCannotHoldOneStillTakesAnAbsentBaseForOne) {
  EXPECT_EQ(DecimalLimits(4, 4).Insert(kMultiply, 5000, 2500), ".1250");
}

TEST(MultiplyRule, ConflictsWhereTheProductDoesNotFit) {
  for (const auto& number : AllNumeric()) {
    SCOPED_TRACE(number.type.ToString());
    Wide most = number.greatest;
    EXPECT_EQ(number.Merge(kMultiply, 2, 4, most / 2), number.Text(most / 2 * 2));
    EXPECT_EQ(number.Merge(kMultiply, 2, 4, most / 2 + 1), "-");
    EXPECT_EQ(number.Merge(kMultiply, 1, most, most), "-");
    EXPECT_EQ(number.Merge(kMultiply, most, most - 1, most), number.Text(most - 1));
  }
}

TEST(MultiplyRule, ReachesTheLeastValueAndNotBeyond) {
  for (const auto& number : SignedNumeric()) {
    SCOPED_TRACE(number.type.ToString());
    bool decimal = number.type.kind == TypeKind::kDecimal;
    EXPECT_EQ(number.Merge(kMultiply, 1, -Wide{1}, number.least),
              decimal ? number.Text(number.greatest) : "-");
    EXPECT_EQ(number.Merge(kMultiply, -Wide{1}, 1, number.least),
              decimal ? number.Text(number.greatest) : "-");
    EXPECT_EQ(number.Merge(kMultiply, -Wide{1}, -Wide{1}, number.least), number.Text(number.least));
    EXPECT_EQ(number.Merge(kMultiply, -Wide{1}, -Wide{3}, number.least), "-");
  }
}

TEST(MultiplyRule, FindsAProductThatFitsThoughItsPartsDoNot) {
  auto number = IntegerOf(TypeKind::kInt128);
  auto bit = [](int index) { return Wide{1} << index; };
  EXPECT_EQ(number.Merge(kMultiply, bit(80), bit(100), bit(106)), number.Text(bit(126)));
  EXPECT_EQ(number.Merge(kMultiply, bit(80), bit(100), bit(107)), "-");
  auto decimal = DecimalLimits(38, 0);
  EXPECT_EQ(decimal.Merge(kMultiply, PowerOfTen(36), PowerOfTen(37), PowerOfTen(36)),
            decimal.Text(PowerOfTen(37)));
}

TEST(MultiplyRule, AgreesWithWiderArithmetic) {
  Generator random(kSeed);
  auto number = IntegerOf(TypeKind::kInt16);
  auto draw = [&] { return static_cast<int64_t>(random() % 600) - 300; };
  for (int i = 0; i < 20000; ++i) {
    int64_t base = draw() % 12;
    int64_t ours = draw();
    int64_t theirs = draw();
    bool exact = base * ours * theirs != 0 && ours * theirs % base == 0;
    int64_t product = exact ? ours * theirs / base : 0;
    bool fits = exact && product == static_cast<int16_t>(product);
    ASSERT_EQ(number.Merge(kMultiply, static_cast<Wide>(base), static_cast<Wide>(ours),
                           static_cast<Wide>(theirs)),
              fits ? std::to_string(product) : "-")
        << base << " " << ours << " " << theirs;
  }
}

// ---- max and min

TEST(MaxAndMinRule, TakeTheGreaterAndTheLess) {
  EXPECT_EQ(Int(kMax, 1, 5, 3), "5");
  EXPECT_EQ(Int(kMax, 9, 3, 5), "5");
  EXPECT_EQ(Int(kMin, 9, 5, 3), "3");
  EXPECT_EQ(Int(kMin, 1, 3, 5), "3");
  EXPECT_EQ(IntInserted(kMax, -3, -5), "-3");
  EXPECT_EQ(IntInserted(kMin, 3, 5), "3");
}

TEST(MaxAndMinRule, OfBooleansAreOrAndAnd) {
  Type type = Of(TypeKind::kBoolean);
  for (bool ours : {false, true}) {
    for (bool theirs : {false, true}) {
      auto merged = [&](RuleKind kind) {
        return Text(type, Inserted(kind, type, Value::BOOLEAN(ours), Value::BOOLEAN(theirs)));
      };
      EXPECT_EQ(merged(kMax), ours || theirs ? "true" : "false");
      EXPECT_EQ(merged(kMin), ours && theirs ? "true" : "false");
    }
  }
}

struct Ordered {
  Type type;
  Value less;
  Value greater;
};

std::vector<Ordered> OrderedPairs() {
  auto enumeration = Of(TypeKind::kEnum);
  enumeration.enum_values = {"z", "a"};
  auto u128 = IntegerOf(TypeKind::kUInt128);
  auto i128 = IntegerOf(TypeKind::kInt128);
  auto wide = DecimalLimits(38, 4);
  auto time_tz = [](int hour, int offset_hours) {
    return Value::TIMETZ(
        duckdb::dtime_tz_t(duckdb::dtime_t(int64_t{3'600'000'000} * hour), offset_hours * 3600));
  };
  return {
      {Of(TypeKind::kUInt8), Value::UTINYINT(127), Value::UTINYINT(128)},
      {Of(TypeKind::kInt8), Value::TINYINT(-128), Value::TINYINT(127)},
      {Of(TypeKind::kUInt64), Value::UBIGINT(1), Value::UBIGINT(UINT64_MAX)},
      {i128.type, i128(i128.least), i128(0)},
      {u128.type, u128(1), u128(u128.greatest)},
      {wide.type, wide(wide.least), wide(wide.greatest)},
      {Of(TypeKind::kFloat32), Value::FLOAT(-0.0F), Value::FLOAT(0.0F)},
      {Of(TypeKind::kFloat32), Value::FLOAT(INFINITY), Value::FLOAT(NAN)},
      {Of(TypeKind::kFloat64), Value::DOUBLE(-0.0), Value::DOUBLE(0.0)},
      {Of(TypeKind::kFloat64), Value::DOUBLE(INFINITY), Value::DOUBLE(NanOf(0))},
      {Of(TypeKind::kFloat64), Value::DOUBLE(INFINITY), Value::DOUBLE(-NanOf(0))},
      {Of(TypeKind::kFloat64), Value::DOUBLE(NanOf(1)), Value::DOUBLE(NanOf(2))},
      {Of(TypeKind::kFloat64), Value::DOUBLE(-2), Value::DOUBLE(-1)},
      {Of(TypeKind::kString), Value("Z"), Value("a")},
      {Of(TypeKind::kString), Value("a"), Value("a ")},
      {Of(TypeKind::kString), Value("z"), Value("é")},
      {Of(TypeKind::kBlob), Value::BLOB_RAW("\x7f"), Value::BLOB_RAW("\x80")},
      {Of(TypeKind::kUuid), Value::UUID("00000000-0000-0000-0000-0000000000ff"),
       Value::UUID("80000000-0000-0000-0000-000000000000")},
      {Of(TypeKind::kDate), Value::DATE(1969, 12, 31), Value::DATE(1970, 1, 1)},
      {Of(TypeKind::kTimestampUs), Value::TIMESTAMP(duckdb::timestamp_t::ninfinity()),
       Value::TIMESTAMP(duckdb::timestamp_t(0))},
      {Of(TypeKind::kTimeTz), time_tz(13, 2), time_tz(12, 0)},
      {Of(TypeKind::kTimeTz), time_tz(13, 1), time_tz(12, 0)},
      {Of(TypeKind::kInterval), Value::INTERVAL(0, 30, 0), Value::INTERVAL(0, 31, 0)},
      {Of(TypeKind::kInterval), Value::INTERVAL(0, 30, 0), Value::INTERVAL(1, 0, 0)},
      {enumeration, Value::ENUM(0, engine::ToLogicalType(enumeration)),
       Value::ENUM(1, engine::ToLogicalType(enumeration))},
  };
}

TEST(MaxAndMinRule, FollowTheOrderOfTheType) {
  for (const auto& [type, less, greater] : OrderedPairs()) {
    SCOPED_TRACE(type.ToString() + ": " + less.ToString() + " < " + greater.ToString());
    EXPECT_EQ(Text(type, Inserted(kMax, type, less, greater)), ExactText(greater));
    EXPECT_EQ(Text(type, Inserted(kMax, type, greater, less)), ExactText(greater));
    EXPECT_EQ(Text(type, Inserted(kMin, type, less, greater)), ExactText(less));
    EXPECT_EQ(Text(type, Inserted(kMin, type, greater, less)), ExactText(less));
  }
}

// ---- union and intersect

TEST(UnionRule, KeepsWhatBothHaveAndWhatEitherAdded) {
  EXPECT_EQ(SetMerged(kUnion, {1}, {1, 2}, {1, 3}), SetText({1, 2, 3}));
}

TEST(UnionRule, DropsWhatEitherRemoved) {
  EXPECT_EQ(SetMerged(kUnion, {1, 2, 3}, {1, 2}, {1, 3, 4}), SetText({1, 4}));
  EXPECT_EQ(SetMerged(kUnion, {1, 2}, {1}, {2}), SetText({}));
  EXPECT_EQ(SetMerged(kUnion, {1, 2}, {}, {2, 3}), SetText({3}));
}

TEST(UnionRule, TakesAnAbsentBaseForEmpty) {
  auto merged = Inserted(kUnion, IntegerSet(), Integers({1, 2}), Integers({2, 3}));
  EXPECT_EQ(Text(IntegerSet(), merged), SetText({1, 2, 3}));
  merged = Inserted(kUnion, IntegerSet(), Integers({}), Integers({2}));
  EXPECT_EQ(Text(IntegerSet(), merged), SetText({2}));
}

std::vector<int> Members(unsigned bits) {
  std::vector<int> members;
  for (int item = 0; item < 3; ++item) {
    if ((bits >> item) & 1) members.push_back(item);
  }
  return members;
}

TEST(UnionAndIntersectRule, DecideEachItemByItself) {
  for (unsigned sets = 0; sets < 512; ++sets) {
    unsigned base = sets & 7;
    unsigned ours = (sets >> 3) & 7;
    unsigned theirs = sets >> 6;
    unsigned all = (ours & theirs) | (ours & ~base) | (theirs & ~base);
    EXPECT_EQ(SetMerged(kUnion, Members(base), Members(ours), Members(theirs)),
              SetText(Members(all)));
    EXPECT_EQ(SetMerged(kIntersect, Members(base), Members(ours), Members(theirs)),
              SetText(Members(ours & theirs)));
  }
}

TEST(UnionRule, SortsAndFreesOfDuplicatesWhatWasWrittenOtherwise) {
  EXPECT_EQ(SetMerged(kUnion, {9, 1, 9}, {5, 1, 5, 9}, {9, 1, 3}), SetText({1, 3, 5, 9}));
}

TEST(UnionRule, KeepsOneNullElementLast) {
  Type type = IntegerSet();
  Value null = Value(LogicalType::INTEGER);
  auto merged = Inserted(kUnion, type, Items(type, {null, Value::INTEGER(7)}),
                         Items(type, {Value::INTEGER(8), null}));
  EXPECT_EQ(Text(type, merged),
            Text(type, Items(type, {Value::INTEGER(7), Value::INTEGER(8), null})));
}

TEST(UnionRule, TellsItemsApartBitByBit) {
  Type type = ListOf(Of(TypeKind::kFloat64));
  auto merged = Inserted(
      kUnion, type, Items(type, {Value::DOUBLE(0.0), Value::DOUBLE(NanOf(1))}),
      Items(type, {Value::DOUBLE(NanOf(1)), Value::DOUBLE(-0.0), Value::DOUBLE(NanOf(0))}));
  EXPECT_EQ(Text(type, merged),
            Text(type, Items(type, {Value::DOUBLE(-0.0), Value::DOUBLE(0.0),
                                    Value::DOUBLE(NanOf(0)), Value::DOUBLE(NanOf(1))})));
}

TEST(IntersectRule, KeepsWhatBothHave) {
  EXPECT_EQ(SetMerged(kIntersect, {1, 2, 3}, {1, 2}, {2, 3}), SetText({2}));
  EXPECT_EQ(SetMerged(kIntersect, {1, 2, 3}, {1}, {}), SetText({}));
  EXPECT_EQ(SetMerged(kIntersect, {1}, {5, 2, 2, 4}, {4, 2, 7, 2}), SetText({2, 4}));
  auto merged = Inserted(kIntersect, IntegerSet(), Integers({2, 1}), Integers({2, 3}));
  EXPECT_EQ(Text(IntegerSet(), merged), SetText({2}));
}

TEST(CanonicalSet, IsSortedWithoutDuplicatesAndNullLast) {
  Type type = IntegerSet();
  Value null = Value(LogicalType::INTEGER);
  auto canonical = Canonical(
      type, Items(type, {null, Value::INTEGER(3), Value::INTEGER(-1), null, Value::INTEGER(3)}));
  EXPECT_EQ(Text(type, canonical),
            Text(type, Items(type, {Value::INTEGER(-1), Value::INTEGER(3), null})));
  EXPECT_EQ(Text(type, Canonical(type, Integers({}))), SetText({}));
  EXPECT_EQ(Text(type, Canonical(type, Null(type))), "NULL");
}

TEST(CanonicalSet, DoesNotDependOnTheOrderItemsCameIn) {
  Generator random(kSeed);
  for (int i = 0; i < 300; ++i) {
    Type type = ListOf(RandomType(&random, 2));
    std::vector<Value> items;
    for (int j = 0; j < 8; ++j) items.push_back(RandomValue(&random, type.children[0].type));
    items.push_back(items[0]);
    auto canonical = Canonical(type, Items(type, items));
    std::shuffle(items.begin(), items.end(), random);
    ASSERT_EQ(Text(type, Canonical(type, Items(type, items))), Text(type, canonical));
    ASSERT_EQ(Text(type, Canonical(type, canonical)), Text(type, canonical));
  }
}

// ---- latest

std::optional<Winner> LatestOf(const Value& our_by, const Value& our_value, const Value& their_by,
                               const Value& their_value) {
  return Latest(Of(TypeKind::kInt64), Of(TypeKind::kString), {our_by, our_value},
                {their_by, their_value});
}

TEST(LatestRule, TakesTheSideWithTheGreaterField) {
  EXPECT_EQ(LatestOf(Value::BIGINT(2), Value("a"), Value::BIGINT(1), Value("b")), Winner::kOurs);
  EXPECT_EQ(LatestOf(Value::BIGINT(1), Value("b"), Value::BIGINT(2), Value("a")), Winner::kTheirs);
}

TEST(LatestRule, OfOneMomentTakesTheGreaterValue) {
  EXPECT_EQ(LatestOf(Value::BIGINT(2), Value("a"), Value::BIGINT(2), Value("b")), Winner::kTheirs);
  EXPECT_EQ(LatestOf(Value::BIGINT(2), Value("b"), Value::BIGINT(2), Value("a")), Winner::kOurs);
}

TEST(LatestRule, HasNoWinnerBetweenTheSame) {
  EXPECT_EQ(LatestOf(Value::BIGINT(2), Value("a"), Value::BIGINT(2), Value("a")), std::nullopt);
  Value null(LogicalType::VARCHAR);
  EXPECT_EQ(LatestOf(Value::BIGINT(2), null, Value::BIGINT(2), null), std::nullopt);
}

TEST(LatestRule, TakesNullForTheLeast) {
  Value never(LogicalType::BIGINT);
  Value null(LogicalType::VARCHAR);
  EXPECT_EQ(LatestOf(never, Value("b"), Value::BIGINT(-1), Value("a")), Winner::kTheirs);
  EXPECT_EQ(LatestOf(Value::BIGINT(1), Value(""), Value::BIGINT(1), null), Winner::kOurs);
  EXPECT_EQ(LatestOf(Value::BIGINT(1), Value("a"), Value::BIGINT(2), null), Winner::kTheirs);
}

TEST(LatestRule, IsNotDecidedByTheCellAlone) {
  EXPECT_DEATH(Inserted(kLatest, Of(TypeKind::kInt32), Value::INTEGER(1), Value::INTEGER(2)),
               "kLatest");
}

TEST(LatestRule, HasOneWinnerAmongThreeInAnyOrder) {
  Generator random(kSeed);
  Type type = Of(TypeKind::kFloat64);
  struct Dated {
    Value by;
    Value value;
  };
  auto later = [&](const Dated& a, const Dated& b) {
    auto winner = Latest(type, type, {a.by, a.value}, {b.by, b.value});
    auto reversed = Latest(type, type, {b.by, b.value}, {a.by, a.value});
    EXPECT_EQ(winner.has_value(), reversed.has_value());
    EXPECT_TRUE(!winner || winner != reversed);
    return winner == Winner::kTheirs ? b : a;
  };
  auto text = [](const Dated& dated) { return ExactText(dated.by) + "|" + ExactText(dated.value); };
  for (int i = 0; i < 5000; ++i) {
    std::array<Dated, 3> sides;
    for (auto& side : sides) {
      side = {RandomValue(&random, type), RandomValue(&random, type)};
    }
    auto [a, b, c] = sides;
    ASSERT_EQ(text(later(later(a, b), c)), text(later(a, later(b, c))));
    ASSERT_EQ(text(later(later(a, c), b)), text(later(c, later(b, a))));
  }
}

// ---- NULLs and bases

struct RuleSample {
  RuleKind kind;
  Type type;
  Value base, ours, theirs;
};

// Changes that each rule decides (`conflict` does not).
std::vector<RuleSample> Samples() {
  Type number = Of(TypeKind::kInt32);
  std::vector<RuleSample> samples;
  for (auto kind : kDecided) {
    bool set = kind == kUnion || kind == kIntersect;
    if (set) {
      samples.push_back({kind, IntegerSet(), Integers({1, 2}), Integers({2, 3}), Integers({2, 4})});
    } else {
      samples.push_back({kind, number, Value::INTEGER(1), Value::INTEGER(2), Value::INTEGER(3)});
    }
  }
  return samples;
}

TEST(AnyRule, WithNullOnBothSidesTakesNull) {
  for (const auto& s : Samples()) {
    for (auto base_kind : kAllBases) {
      auto merged = Decide({s.kind}, s.type, base_kind, s.base, Null(s.type), Null(s.type));
      EXPECT_EQ(Text(s.type, merged), "NULL") << ToString({s.kind});
    }
  }
}

TEST(AnyRule, WithNullOnOneSideConflicts) {
  for (const auto& s : Samples()) {
    for (auto base_kind : kAllBases) {
      EXPECT_FALSE(Decide({s.kind}, s.type, base_kind, s.base, Null(s.type), s.theirs));
      EXPECT_FALSE(Decide({s.kind}, s.type, base_kind, s.base, s.ours, Null(s.type)));
    }
  }
}

TEST(AnyRule, TakesANullBaseForAnAbsentOne) {
  for (const auto& s : Samples()) {
    auto merged = Decide({s.kind}, s.type, BaseKind::kValue, Null(s.type), s.ours, s.theirs);
    auto absent = Decide({s.kind}, s.type, BaseKind::kAbsent, s.base, s.ours, s.theirs);
    EXPECT_EQ(Text(s.type, merged), Text(s.type, absent)) << ToString({s.kind});
    EXPECT_EQ(merged.has_value(), s.kind != kConflict);
  }
}

TEST(AnyRule, TakesEqualCellsOfAnUnknownBase) {
  for (const auto& s : Samples()) {
    for (auto base_kind : kUnknownBases) {
      auto merged = Decide({s.kind}, s.type, base_kind, s.base, s.ours, s.ours);
      EXPECT_EQ(Text(s.type, merged), ExactText(s.ours)) << ToString({s.kind});
    }
  }
}

TEST(AnyRule, DecidesUnequalCellsOfAnUnknownBaseOnlyIfItIsMaxMinOrUnion) {
  std::vector<std::string> decided;
  for (const auto& s : Samples()) {
    for (auto base_kind : kUnknownBases) {
      auto merged = Decide({s.kind}, s.type, base_kind, s.base, s.ours, s.theirs);
      decided.push_back(ToString({s.kind}) + " " + Text(s.type, merged));
    }
  }
  std::string all = "union " + SetText({2, 3, 4});
  EXPECT_THAT(decided, ::testing::ElementsAre("conflict -", "conflict -", "add -", "add -",
                                              "multiply -", "multiply -", "max 3", "max 3", "min 2",
                                              "min 2", all, all, "intersect -", "intersect -"));
}

TEST(AnyRule, ButAddAndMultiplyTakesEqualChangesAsTheyAre) {
  for (const auto& s : Samples()) {
    for (auto base_kind : kKnownBases) {
      auto merged = Decide({s.kind}, s.type, base_kind, s.base, s.ours, s.ours);
      bool counts = s.kind == kAdd || s.kind == kMultiply;
      EXPECT_EQ(Text(s.type, merged) == ExactText(s.ours), !counts) << ToString({s.kind});
    }
  }
}

TEST(AnyRule, TakesEqualSetsInTheFormTheyHave) {
  for (auto kind : {kUnion, kIntersect}) {
    EXPECT_EQ(SetMerged(kind, {1}, {3, 2, 3}, {3, 2, 3}), SetText({3, 2, 3}));
  }
}

// ---- laws over random values

Type RandomTypeFor(Generator* random, RuleKind kind) {
  while (true) {
    Type type = RandomType(random, 2);
    if (kind == kUnion || kind == kIntersect) type = ListOf(type);
    if (MayStand(type, kind)) return type;
  }
}

// NULL or not, and also values that differ in little.
Value RandomCell(Generator* random, const Type& type, const Value& like) {
  if ((*random)() % 5 == 0) return like;
  return RandomValue(random, type, 0.1);
}

TEST(AnyRule, IsCommutative) {
  Generator random(kSeed);
  for (auto kind : kDecided) {
    int decided = 0;
    for (int i = 0; i < 2000; ++i) {
      Type type = RandomTypeFor(&random, kind);
      Value base = RandomValue(&random, type, 0.1);
      Value ours = RandomValue(&random, type, 0.1);
      Value theirs = RandomCell(&random, type, ours);
      for (auto base_kind : kAllBases) {
        auto merged = Decide({kind}, type, base_kind, base, ours, theirs);
        auto swapped = Decide({kind}, type, base_kind, base, theirs, ours);
        ASSERT_EQ(Text(type, merged), Text(type, swapped)) << ToString({kind}) << type.ToString();
        decided += merged.has_value() ? 1 : 0;
      }
    }
    EXPECT_GT(decided, 500) << ToString({kind});
  }
}

TEST(AnyRule, ThatDoesNotCountIsIdempotent) {
  Generator random(kSeed);
  for (auto kind : kDecided) {
    if (kind == kAdd || kind == kMultiply) continue;
    for (int i = 0; i < 500; ++i) {
      Type type = RandomTypeFor(&random, kind);
      Value base = RandomValue(&random, type);
      Value both = RandomValue(&random, type);
      for (auto base_kind : kAllBases) {
        auto merged = Decide({kind}, type, base_kind, base, both, both);
        ASSERT_EQ(Text(type, merged), ExactText(both)) << type.ToString();
      }
    }
  }
}

// A cell three ways: what one side alone changed is taken.
std::optional<Value> ThreeWay(RuleKind kind, const Type& type, const Value& base,
                              const std::optional<Value>& ours,
                              const std::optional<Value>& theirs) {
  if (!ours || !theirs) return std::nullopt;
  if (Order(type, *ours, base) == 0) return theirs;
  if (Order(type, *theirs, base) == 0) return ours;
  return Merged(kind, type, base, *ours, *theirs);
}

// Merges three changes in all orders; all that conflict nowhere agree. How many there were.
int ExpectOneResult(RuleKind kind, const Type& type, const Value& base,
                    std::array<Value, 3> changes) {
  std::array<int, 3> order = {0, 1, 2};
  std::optional<Value> first;
  int merges = 0;
  do {
    const auto& [a, b, c] = order;
    auto pair = ThreeWay(kind, type, base, changes[a], changes[b]);
    for (const auto& all : {ThreeWay(kind, type, base, pair, changes[c]),
                            ThreeWay(kind, type, base, changes[c], pair)}) {
      if (!all) continue;
      if (!first) first = all;
      EXPECT_EQ(Text(type, all), Text(type, first)) << ToString({kind}) << " " << type.ToString();
      ++merges;
    }
  } while (std::next_permutation(order.begin(), order.end()));
  return merges;
}

constexpr int kRounds = 500;
constexpr int kMergesPerRound = 12;

TEST(AddRule, OfThreeChangesGivesOneSumInAnyOrder) {
  Generator random(kSeed);
  int merges = 0;
  for (const auto& number : AllNumeric()) {
    for (int i = 0; i < kRounds / 10; ++i) {
      auto draw = [&] { return number(random() % 64); };
      merges += ExpectOneResult(kAdd, number.type, draw(), {draw(), draw(), draw()});
    }
  }
  EXPECT_GT(merges, kRounds / 2 * kMergesPerRound);
}

TEST(MultiplyRule, OfThreeExactChangesGivesOneProductInAnyOrder) {
  Generator random(kSeed);
  for (const auto& number : AllNumeric()) {
    if (number.type == Of(TypeKind::kInt8) || number.type == Of(TypeKind::kUInt8)) continue;
    for (int i = 0; i < kRounds / 10; ++i) {
      Wide base = 1 + random() % 9;
      auto draw = [&] { return number(base * (1 + random() % 9)); };
      ASSERT_EQ(ExpectOneResult(kMultiply, number.type, number(base), {draw(), draw(), draw()}),
                kMergesPerRound);
    }
  }
}

TEST(MaxAndMinRule, OfThreeChangesGiveOneValueInAnyOrder) {
  Generator random(kSeed);
  for (auto kind : {kMax, kMin}) {
    for (int i = 0; i < kRounds; ++i) {
      Type type = RandomTypeFor(&random, kind);
      std::array<Value, 4> values;
      for (auto& value : values) value = RandomValue(&random, type, 0);
      auto begins = [&](const Value& a, const Value& b) {
        return kind == kMax ? Order(type, a, b) < 0 : Order(type, a, b) > 0;
      };
      std::iter_swap(values.begin(), std::min_element(values.begin(), values.end(), begins));
      ASSERT_EQ(ExpectOneResult(kind, type, values[0], {values[1], values[2], values[3]}),
                kMergesPerRound);
    }
  }
}

Value Subset(Generator* random, const Type& type, const std::vector<Value>& items,
             const std::vector<Value>& always) {
  std::vector<Value> chosen = always;
  for (const auto& item : items) {
    if ((*random)() % 2 == 0) chosen.push_back(item);
  }
  return Canonical(type, Items(type, chosen));
}

TEST(UnionAndIntersectRule, OfThreeSetsThatOnlyGrowOrShrinkGiveOneSetInAnyOrder) {
  Generator random(kSeed);
  for (auto kind : {kUnion, kIntersect}) {
    bool grows = kind == kUnion;
    for (int i = 0; i < kRounds; ++i) {
      Type type = RandomTypeFor(&random, kind);
      std::vector<Value> items;
      for (int j = 0; j < 6; ++j) {
        items.push_back(RandomValue(&random, type.children[0].type));
      }
      std::vector<Value> held(items.begin(), items.begin() + 2);
      Value base = Canonical(type, Items(type, grows ? held : items));
      auto change = [&] {
        return Subset(&random, type, items, grows ? held : std::vector<Value>());
      };
      ASSERT_EQ(ExpectOneResult(kind, type, base, {change(), change(), change()}), kMergesPerRound);
    }
  }
}

// ---- order

TEST(ValueOrder, PutsNullAfterAllValues) {
  for (const auto& [type, less, greater] : OrderedPairs()) {
    EXPECT_GT(Order(type, Null(type), greater), 0);
    EXPECT_LT(Order(type, less, Null(type)), 0);
    EXPECT_EQ(Order(type, Null(type), Null(type)), 0);
  }
}

TEST(ValueOrder, OfListsGoesByItemThenByLength) {
  Type type = IntegerSet();
  EXPECT_LT(Order(type, Integers({1, 9}), Integers({2})), 0);
  EXPECT_LT(Order(type, Integers({1}), Integers({1, 0})), 0);
  EXPECT_LT(Order(type, Integers({}), Integers({0})), 0);
}

TEST(ValueOrder, OfNestedFloatsIsTheOrderOfFloats) {
  Type type = ListOf(Of(TypeKind::kFloat64));
  EXPECT_LT(Order(type, Items(type, {Value::DOUBLE(-0.0)}), Items(type, {Value::DOUBLE(0.0)})), 0);
}

int Sign(int order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

TEST(ValueOrder, IsTotal) {
  Generator random(kSeed);
  for (int i = 0; i < 400; ++i) {
    Type type = RandomType(&random, i % 4);
    SCOPED_TRACE(type.ToString());
    std::vector<Value> values;
    for (int j = 0; j < 8; ++j) values.push_back(RandomValue(&random, type));
    for (const auto& a : values) {
      for (const auto& b : values) {
        ASSERT_EQ(Sign(Order(type, a, b)), -Sign(Order(type, b, a)));
        ASSERT_EQ(Order(type, a, b) == 0, ExactText(a) == ExactText(b));
        for (const auto& c : values) {
          if (Order(type, a, b) > 0 || Order(type, b, c) > 0) continue;
          ASSERT_LE(Order(type, a, c), 0);
        }
      }
    }
  }
}

bool EngineSaysLess(duckdb::Connection* connection, const Value& a, const Value& b) {
  auto result = connection->Query("SELECT $1 < $2", a, b);
  return result->Fetch()->GetValue(0, 0).GetValue<bool>();
}

TEST(ValueOrder, RefinesTheEnginesOrder) {
  Generator random(kSeed);
  duckdb::Connection connection(*table::testing::Client().db);
  for (const auto& type : engine::LeafTypes()) {
    SCOPED_TRACE(type.ToString());
    for (int i = 0; i < 30; ++i) {
      Value a = RandomValue(&random, type, 0);
      Value b = RandomValue(&random, type, 0);
      if (EngineSaysLess(&connection, a, b)) {
        ASSERT_LT(Order(type, a, b), 0) << a.ToString() << " " << b.ToString();
      }
      if (EngineSaysLess(&connection, b, a)) {
        ASSERT_GT(Order(type, a, b), 0) << a.ToString() << " " << b.ToString();
      }
    }
  }
}

}  // namespace
}  // namespace rhizo::merge
