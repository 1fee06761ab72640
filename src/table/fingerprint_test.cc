// Equal rows have equal fingerprints, whatever way they came; different ones do not.
#include "table/fingerprint.h"

#include <gtest/gtest.h>

#include <random>

#include "base/testing/scale.h"
#include "table/change_rows.h"
#include "table/testing/tables.h"

namespace rhizo::table {
namespace {

using duckdb::Value;
using testing::Of;
using testing::RandomRows;
using testing::SchemaOf;
using testing::Store;
using testing::TableRows;

Sum128 Print(Store& store, const model::TableState& state) {
  auto context = store.Context();
  auto fingerprint = Fingerprint(context, *store.Open(state));
  EXPECT_TRUE(fingerprint.has_value()) << fingerprint.error().message();
  return fingerprint.value();
}

model::Schema MixedSchema() {
  auto decimal = Of(model::TypeKind::kDecimal);
  decimal.precision = 12;
  decimal.scale = 2;
  auto list = Of(model::TypeKind::kList);
  auto& element = list.children.emplace_back();
  element.name = "element";
  element.type = Of(model::TypeKind::kString);
  return SchemaOf({Of(model::TypeKind::kInt64), Of(model::TypeKind::kString),
                   Of(model::TypeKind::kFloat64), decimal, Of(model::TypeKind::kUuid), list});
}

TEST(Fingerprint, IsThatOfTheRowsWhateverWayTheyCame) {
  auto first_seed = std::random_device{}();
  for (uint64_t round = 0; round < tests::Scaled(8); ++round) {
    SCOPED_TRACE("seed " + std::to_string(first_seed + round));
    std::mt19937_64 random(first_seed + round);
    engine::Generator values(first_seed + round);
    auto schema = MixedSchema();
    auto rows = RandomRows(values, schema, 1 + random() % 3000);
    Store store;
    auto at_once = store.Write(store.NewTable(schema), rows);
    auto expected = Print(store, at_once);
    // Appended in parts.
    auto appended = store.NewTable(schema);
    for (size_t begin = 0; begin < rows.size();) {
      size_t end = std::min(rows.size(), begin + 1 + random() % 900);
      appended = store.Append(appended, TableRows(rows.begin() + static_cast<ptrdiff_t>(begin),
                                                  rows.begin() + static_cast<ptrdiff_t>(end)));
      begin = end;
    }
    EXPECT_EQ(Print(store, appended), expected);
    EXPECT_EQ(Print(store, FoldTail(store.Context(), appended).value()), expected);
    // Written back through other rows, in another order.
    auto other = rows;
    for (size_t i = random() % 5; i < other.size(); i += 1 + random() % 50) {
      other[i][0] = Value::BIGINT(static_cast<int64_t>(random() % 1000));
    }
    other.resize(other.size() - other.size() / 10);
    auto written = store.Write(appended, other);
    if (rows.size() >= 10) {
      EXPECT_NE(Print(store, written), expected);
    }
    std::shuffle(rows.begin(), rows.end(), random);
    EXPECT_EQ(Print(store, store.Write(written, rows)), expected);
  }
}

TEST(Fingerprint, TellsWhereValuesStandAndWhatColumnsAreCalled) {
  Store store;
  auto schema = SchemaOf({Of(model::TypeKind::kInt32), Of(model::TypeKind::kInt32)});
  auto print = [&](const model::Schema& of, const TableRows& rows) {
    return Print(store, store.Write(store.NewTable(of), rows));
  };
  auto one = Value::INTEGER(1);
  auto two = Value::INTEGER(2);
  auto base = print(schema, {{one, two}, {two, one}});
  EXPECT_NE(base, print(schema, {{one, one}, {two, two}}));  // traded within a column
  EXPECT_NE(base, print(schema, {{two, two}, {one, one}}));
  EXPECT_EQ(base, print(schema, {{two, one}, {one, two}}));
  EXPECT_NE(base, print(schema, {{one, two}, {two, one}, {two, one}}));
  auto renamed = schema;
  renamed.fields[0].name = "other";
  EXPECT_NE(base, print(renamed, {{one, two}, {two, one}}));
  auto empty = print(schema, {});
  EXPECT_NE(empty, print(renamed, {}));
}

// The definition, so that no release gives another number for the same rows.
TEST(Fingerprint, IsTheNumberThatTheFormatSays) {
  Store store;
  auto schema = SchemaOf({Of(model::TypeKind::kInt32), Of(model::TypeKind::kString)});
  auto state = store.Write(
      store.NewTable(schema),
      {{Value::INTEGER(7), Value("seven")}, {Value(duckdb::LogicalType::INTEGER), Value("")}});
  EXPECT_EQ(Print(store, state).ToString(), "5a345431e1205bf749d48587ddb941b7");
}

}  // namespace
}  // namespace rhizo::table
