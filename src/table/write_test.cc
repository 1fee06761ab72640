// Writing and reading tables against vectors of rows.
#include "table/write.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "table/testing/tables.h"

namespace rhizo::table {
namespace {

using duckdb::Value;
using testing::Bits;
using testing::Of;
using testing::RandomRows;
using testing::Row;
using testing::SchemaOf;
using testing::Store;
using testing::TableRows;

model::Schema SmallSchema() {
  return SchemaOf(
      {Of(model::TypeKind::kInt64), Of(model::TypeKind::kString), Of(model::TypeKind::kFloat64)});
}

TableRows Numbered(size_t first, size_t count) {
  TableRows rows;
  for (size_t i = first; i < first + count; ++i) {
    rows.push_back({Value::BIGINT(static_cast<int64_t>(i)), Value("row " + std::to_string(i % 100)),
                    Value::DOUBLE(static_cast<double>(i) / 2)});
  }
  return rows;
}

TEST(WriteRows, OneRowIsABlockOfAFewBytesAndNeedsNoEngine) {
  Store store;
  auto state = store.NewTable(SmallSchema());
  auto context = store.Context();
  context.engine = nullptr;
  testing::ValueRows rows(state.schema, Numbered(1, 1));
  auto written = WriteRows(context, state, &rows);
  ASSERT_TRUE(written.has_value()) << written.error().message();
  EXPECT_EQ(written->state.rows, 1u);
  EXPECT_LT(written->state.bytes, 150u);
  EXPECT_EQ(Bits(state.schema, store.ReadAll(written->state)), Bits(state.schema, Numbered(1, 1)));
}

TEST(WriteRows, ManyRowsBecomeParquetSegmentsInOrder) {
  Store store;
  WriteCounts counts;
  auto rows = Numbered(0, 130'000);
  auto state = store.Write(store.NewTable(SmallSchema()), rows, &counts);
  EXPECT_EQ(counts.segments_new, 2u);
  EXPECT_EQ(state.entries, 2u);
  EXPECT_EQ(state.rows, 130'000u);
  EXPECT_EQ(Bits(state.schema, store.ReadAll(state)), Bits(state.schema, rows));
}

TEST(WriteRows, NoRowsAreATableWithoutATree) {
  Store store;
  auto state = store.Write(store.NewTable(SmallSchema()), {});
  EXPECT_TRUE(state.tree_root.IsZero());
  EXPECT_EQ(state.rows, 0u);
  EXPECT_TRUE(store.ReadAll(state).empty());
  auto filled = store.Write(state, Numbered(0, 3));
  EXPECT_EQ(store.Write(filled, {}), state);
}

TEST(WriteRows, TheSameRowsAgainAreTheSameTable) {
  Store store;
  auto rows = Numbered(0, 125'000);
  auto state = store.Write(store.NewTable(SmallSchema()), rows);
  WriteCounts counts;
  auto again = store.Write(state, rows, &counts);
  EXPECT_EQ(again, state);
  EXPECT_EQ(counts.segments_reused, 2u);
  EXPECT_EQ(counts.segments_new, 0u);
}

void ExpectSame(const model::Schema& schema, const TableRows& found, const TableRows& expected) {
  auto found_bits = Bits(schema, found);
  auto expected_bits = Bits(schema, expected);
  ASSERT_EQ(found_bits.size(), expected_bits.size());
  for (size_t row = 0; row < expected_bits.size(); ++row) {
    for (size_t column = 0; column < schema.fields.size(); ++column) {
      ASSERT_EQ(found_bits[row][column], expected_bits[row][column])
          << "row " << row << ", " << schema.fields[column].type.ToString();
    }
  }
}

TEST(WriteRows, EveryTypeComesBackBitByBitFromBlocks) {
  auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  engine::Generator random(seed);
  auto types = engine::LeafTypes();
  for (int i = 0; i < 50; ++i) types.push_back(engine::RandomType(&random, 3));
  Store store;
  for (const auto& type : types) {
    auto schema = SchemaOf({type});
    auto rows = RandomRows(random, schema, 5);
    auto state = store.Write(store.NewTable(schema), rows);
    auto table = store.Open(state);
    EXPECT_EQ(table->Entries().value()[0].entry.kind, model::SegmentKind::kRowBlock);
    ExpectSame(schema, store.ReadAll(state), rows);
  }
}

TEST(WriteRows, EveryTypeComesBackBitByBitFromFiles) {
  auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  engine::Generator random(seed);
  auto types = engine::LeafTypes();
  for (int i = 0; i < 25; ++i) types.push_back(engine::RandomType(&random, 3));
  auto schema = SchemaOf(types);
  Store store;
  auto rows = RandomRows(random, schema, 2'500);
  auto state = store.Write(store.NewTable(schema), rows);
  auto table = store.Open(state);
  EXPECT_EQ(table->Entries().value()[0].entry.kind, model::SegmentKind::kParquet);
  ExpectSame(schema, store.ReadAll(state), rows);
}

TEST(PlaceAtEnd, AppendedRowsStandBehindInTheirOrder) {
  Store store;
  auto state = store.NewTable(SmallSchema());
  TableRows expected;
  for (size_t i = 0; i < 40; ++i) {
    auto rows = Numbered(i * 10, 1 + i % 4);
    state = store.Append(state, rows);
    expected.insert(expected.end(), rows.begin(), rows.end());
  }
  EXPECT_EQ(Bits(state.schema, store.ReadAll(state)), Bits(state.schema, expected));
  EXPECT_EQ(state.rows, expected.size());
}

TEST(WriteRows, WrongColumnsAndForbiddenNullsAreTypedErrors) {
  Store store;
  auto context = store.Context();
  auto state = store.NewTable(SmallSchema());
  testing::ValueRows other(SchemaOf({Of(model::TypeKind::kInt64)}), {{Value::BIGINT(1)}});
  EXPECT_EQ(WriteRows(context, state, &other).error().code(), ErrorCode::kSchema);
  state.schema.fields[1].nullable = false;
  testing::ValueRows nulls(
      state.schema, {{Value::BIGINT(1), Value(duckdb::LogicalType::VARCHAR), Value::DOUBLE(0)}});
  EXPECT_EQ(WriteRows(context, state, &nulls).error().code(), ErrorCode::kConstraint);
}

}  // namespace
}  // namespace rhizo::table
