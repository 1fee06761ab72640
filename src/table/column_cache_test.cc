#include "table/column_cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/blake3.h"
#include "table/testing/tables.h"

namespace rhizo::table {
namespace {

using duckdb::Value;
using testing::Of;

std::shared_ptr<const DecodedColumn> ColumnOf(uint64_t bytes) {
  auto column = std::make_shared<DecodedColumn>();
  column->size_bytes = bytes;
  return column;
}

ObjectId Segment(int number) { return ObjectIdOf(std::to_string(number)); }

TEST(ColumnCache, ForgetsTheLeastRecentlyUsed) {
  ColumnCache cache(100);
  int loads = 0;
  auto load = [&]() -> Result<std::shared_ptr<const DecodedColumn>> {
    ++loads;
    return ColumnOf(40);
  };
  ASSERT_TRUE(cache.Get(Segment(1), 1, load));
  ASSERT_TRUE(cache.Get(Segment(2), 1, load));
  ASSERT_TRUE(cache.Get(Segment(1), 1, load));
  ASSERT_TRUE(cache.Get(Segment(3), 1, load));
  EXPECT_EQ(loads, 3);
  EXPECT_NE(cache.Peek(Segment(1), 1), nullptr);
  EXPECT_EQ(cache.Peek(Segment(2), 1), nullptr);
  EXPECT_EQ(cache.Statistics().used_bytes, 80u);
  cache.Clear();
  EXPECT_EQ(cache.Statistics().used_bytes, 0u);
}

TEST(ColumnCache, HandsOutWhatIsTooLargeToKeep) {
  ColumnCache cache(10);
  auto load = []() -> Result<std::shared_ptr<const DecodedColumn>> { return ColumnOf(11); };
  EXPECT_NE(cache.Get(Segment(1), 1, load).value(), nullptr);
  EXPECT_EQ(cache.Peek(Segment(1), 1), nullptr);
}

TEST(ColumnCache, AFailedLoadIsTriedAgain) {
  ColumnCache cache(100);
  bool fails = true;
  auto load = [&]() -> Result<std::shared_ptr<const DecodedColumn>> {
    if (fails) return Corruption("no");
    return ColumnOf(1);
  };
  EXPECT_FALSE(cache.Get(Segment(1), 1, load));
  fails = false;
  EXPECT_TRUE(cache.Get(Segment(1), 1, load));
}

TEST(ColumnCache, ManyThreadsLoadAColumnOnce) {
  ColumnCache cache(100);
  std::atomic<int> loads = 0;
  auto load = [&]() -> Result<std::shared_ptr<const DecodedColumn>> {
    ++loads;
    return ColumnOf(1);
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] { EXPECT_TRUE(cache.Get(Segment(1), 1, load)); });
  }
  threads.clear();
  EXPECT_EQ(loads, 1);
}

// The Parquet reader gives all dictionary vectors one selection and writes it anew for each.
TEST(DecodedColumns, KeepADictionaryVectorWhenTheReaderMovesOn) {
  testing::Store store;
  auto schema = testing::SchemaOf({Of(model::TypeKind::kString)});
  testing::TableRows rows;
  for (int i = 0; i < 10'000; ++i) rows.push_back({Value("value " + std::to_string(i * i % 37))});
  auto table = store.Open(store.Write(store.NewTable(schema), rows));
  const auto& entry = table->Entries().value()[0];
  auto column =
      ReadColumn(&testing::Client(), table->context(), *entry.segment, entry.segment->fields[0])
          .value();
  ASSERT_EQ(column->vectors.size(), 5u);
  EXPECT_EQ(column->vectors[0].GetVectorType(), duckdb::VectorType::DICTIONARY_VECTOR);
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto& vector = column->vectors[i / STANDARD_VECTOR_SIZE];
    ASSERT_EQ(vector.GetValue(i % STANDARD_VECTOR_SIZE), rows[i][0]) << i;
  }
}

TEST(DecodedColumns, AreFlatOrDictionariesOverFlatAtEveryLevel) {
  engine::Generator random(9);
  std::vector<model::Type> types = engine::LeafTypes();
  for (int i = 0; i < 20; ++i) types.push_back(engine::RandomType(&random, 2));
  auto schema = testing::SchemaOf(types);
  testing::Store store;
  auto rows = testing::RandomRows(random, schema, 3'000);
  auto table = store.Open(store.Write(store.NewTable(schema), rows));
  const auto& entry = table->Entries().value()[0];
  ASSERT_NE(entry.segment->info, nullptr);
  for (const auto& field : entry.segment->fields) {
    auto column = ReadColumn(&testing::Client(), table->context(), *entry.segment, field).value();
    for (const auto& vector : column->vectors) {
      auto form = vector.GetVectorType();
      EXPECT_TRUE(form == duckdb::VectorType::FLAT_VECTOR ||
                  (form == duckdb::VectorType::DICTIONARY_VECTOR &&
                   field.type.kind != model::TypeKind::kStruct))
          << field.type.ToString();
    }
  }
}

TEST(EntryReaders, OfManyThreadsSeeTheSameRows) {
  testing::Store store;
  auto schema = testing::SchemaOf({Of(model::TypeKind::kString), Of(model::TypeKind::kInt64)});
  testing::TableRows rows;
  for (int i = 0; i < 9'000; ++i) {
    rows.push_back({Value("v" + std::to_string(i % 50)), Value::BIGINT(i)});
  }
  auto table = store.Open(store.Write(store.NewTable(schema), rows));
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      auto connection = testing::Engine().Connect().value();
      connection->BeginTransaction();
      EntryReader reader(connection->context.get(), *table, {0, 1});
      CHECK(reader.Start(table->Entries().value()[0]));
      for (size_t vector = 0; vector < reader.vector_count(); ++vector) {
        duckdb::Vector text(duckdb::LogicalType::VARCHAR);
        duckdb::Vector number(duckdb::LogicalType::BIGINT);
        CHECK(reader.Read(vector, 0, &text) && reader.Read(vector, 1, &number));
        size_t row = vector * STANDARD_VECTOR_SIZE + 3;
        wrong += !(text.GetValue(3) == rows[row][0] && number.GetValue(3) == rows[row][1]);
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace rhizo::table
