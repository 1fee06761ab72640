// Canonical column and value encodings, content keys.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/coding.h"
#include "engine/types.h"
#include "table/column_decoder.h"
#include "table/column_encoder.h"
#include "table/content_key.h"
#include "table/single_value.h"
#include "table/testing/tables.h"

namespace rhizo::table {
namespace {

using duckdb::Value;
using duckdb::Vector;
using engine::LeafTypes;
using engine::RandomType;
using engine::RandomValue;
using testing::Of;

uint64_t Seed() { return std::random_device{}(); }

Vector VectorOf(const model::Type& type, const std::vector<Value>& values) {
  Vector vector(engine::ToLogicalType(type), std::max<size_t>(values.size(), 1));
  for (size_t i = 0; i < values.size(); ++i) vector.SetValue(i, values[i]);
  return vector;
}

std::string EncodeAll(const model::Type& type, Vector& vector, size_t rows) {
  ColumnEncoder encoder(type);
  encoder.Append(vector, {.offset = 0, .count = rows});
  std::string out;
  size_t expected = encoder.size_bytes();
  encoder.Flush(&out);
  EXPECT_EQ(out.size(), expected);
  return out;
}

std::vector<Value> RandomColumn(engine::Generator& random, const model::Type& type, size_t rows) {
  std::vector<Value> values;
  for (size_t i = 0; i < rows; ++i) values.push_back(RandomValue(&random, type));
  return values;
}

TEST(Values, AreLaidOutAsDocumented) {
  auto type = Of(model::TypeKind::kInt16);
  auto vector = VectorOf(
      type, {Value::SMALLINT(1), Value(duckdb::LogicalType::SMALLINT), Value::SMALLINT(-2)});
  EXPECT_EQ(EncodeAll(type, vector, 3), std::string("\1\5\1\0\xfe\xff", 6));
  auto text = Of(model::TypeKind::kString);
  auto words = VectorOf(text, {Value("ab"), Value(""), Value("c")});
  EXPECT_EQ(EncodeAll(text, words, 3), std::string("\0\2\0\1abc", 7));
}

TEST(Values, OfEveryTypeComeBackBitByBit) {
  auto seed = Seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  engine::Generator random(seed);
  auto types = LeafTypes();
  for (int i = 0; i < 60; ++i) types.push_back(RandomType(&random, 3));
  for (const auto& type : types) {
    SCOPED_TRACE(type.ToString());
    size_t rows = random() % 50;
    auto values = RandomColumn(random, type, rows);
    auto vector = VectorOf(type, values);
    auto bytes = EncodeAll(type, vector, rows);
    Vector decoded(engine::ToLogicalType(type), std::max<size_t>(rows, 1));
    Decoder decoder(bytes);
    DecodeColumn(type, &decoder, rows, &decoded);
    ASSERT_TRUE(decoder.Finish("column").has_value());
    for (size_t row = 0; row < rows; ++row) {
      ASSERT_TRUE(Value::NotDistinctFrom(decoded.GetValue(row), values[row]))
          << decoded.GetValue(row).ToString() << " for " << values[row].ToString();
    }
    EXPECT_EQ(EncodeAll(type, decoded, rows), bytes);
  }
}

TEST(Values, HaveOneEncodingWhateverTheVectorsForm) {
  auto seed = Seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  engine::Generator random(seed);
  for (int i = 0; i < 60; ++i) {
    auto type = RandomType(&random, 2);
    SCOPED_TRACE(type.ToString());
    auto values = RandomColumn(random, type, 20);
    std::vector<Value> picked;
    duckdb::SelectionVector selection(50);
    for (size_t row = 0; row < 50; ++row) {
      selection.set_index(row, random() % 20);
      picked.push_back(values[selection.get_index(row)]);
    }
    auto base = VectorOf(type, values);
    Vector dictionary(base, selection, 50);
    auto flat = VectorOf(type, picked);
    EXPECT_EQ(EncodeAll(type, dictionary, 50), EncodeAll(type, flat, 50));
    Vector constant(values[0]);
    auto repeated = VectorOf(type, std::vector<Value>(50, values[0]));
    EXPECT_EQ(EncodeAll(type, constant, 50), EncodeAll(type, repeated, 50));
  }
}

TEST(Values, HostileBytesAreRefusedOrCanonical) {
  auto seed = Seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  engine::Generator random(seed);
  for (int i = 0; i < 3000; ++i) {
    auto type = RandomType(&random, 2);
    size_t rows = 1 + random() % 10;
    auto vector = VectorOf(type, RandomColumn(random, type, rows));
    auto bytes = EncodeAll(type, vector, rows);
    bytes[random() % bytes.size()] ^= static_cast<char>(1 << (random() % 8));
    Vector decoded(engine::ToLogicalType(type), rows);
    Decoder decoder(bytes);
    DecodeColumn(type, &decoder, rows, &decoded);
    if (!decoder.Finish("column")) continue;
    ASSERT_EQ(EncodeAll(type, decoded, rows), bytes) << type.ToString();
  }
}

TEST(Values, SingleOnesComeBack) {
  auto seed = Seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  engine::Generator random(seed);
  for (const auto& type : LeafTypes()) {
    for (int i = 0; i < 20; ++i) {
      auto value = RandomValue(&random, type);
      auto back = DecodeDefault(type, EncodeDefault(type, value));
      ASSERT_TRUE(back.has_value()) << back.error().message();
      EXPECT_TRUE(Value::NotDistinctFrom(*back, value)) << type.ToString() << value.ToString();
    }
  }
}

TEST(Values, AreOrderedAsTheEngineOrdersThem) {
  auto seed = Seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  engine::Generator random(seed);
  for (const auto& type : LeafTypes()) {
    if (!HasBounds(type)) continue;
    for (int i = 0; i < 50; ++i) {
      auto a = RandomValue(&random, type);
      auto b = RandomValue(&random, type);
      if (a.IsNull() || b.IsNull()) continue;
      int order = CompareValues(type, EncodeValue(type, a), EncodeValue(type, b));
      EXPECT_EQ(order < 0, duckdb::ValueOperations::LessThan(a, b)) << a.ToString() << b.ToString();
      EXPECT_EQ(order == 0, duckdb::ValueOperations::Equals(a, b)) << a.ToString() << b.ToString();
    }
  }
}

TEST(Values, BoundsOfLongStringsEncloseThem) {
  auto type = Of(model::TypeKind::kBlob);
  std::string value(100, '\xff');
  value[0] = 'a';
  bool exact = true;
  EXPECT_EQ(LowerBound(type, value, &exact), value.substr(0, kMaxBoundBytes));
  EXPECT_FALSE(exact);
  EXPECT_EQ(UpperBound(type, value, &exact), "b");
  EXPECT_FALSE(exact);
  EXPECT_EQ(UpperBound(type, std::string(100, '\xff'), &exact), std::nullopt);
}

TEST(ContentKeys, DoNotSeeHowRowsWereCut) {
  engine::Generator random(7);
  auto type = Of(model::TypeKind::kString);
  auto values = RandomColumn(random, type, 2048);
  auto vector = VectorOf(type, values);
  auto key = [&](size_t step) {
    ContentKeyBuilder builder(type);
    for (int round = 0; round < 3; ++round) {
      for (size_t at = 0; at < values.size(); at += step) {
        builder.Append(vector, {.offset = at, .count = std::min(step, values.size() - at)});
      }
    }
    return builder.Finish();
  };
  EXPECT_EQ(key(2048), key(1));
  EXPECT_EQ(key(2048), key(777));
}

TEST(ContentKeys, TellTypesAndCountsApart) {
  auto vector = VectorOf(Of(model::TypeKind::kInt32), {Value::INTEGER(1), Value::INTEGER(2)});
  auto key = ContentKeyOf(Of(model::TypeKind::kInt32), vector, 2);
  EXPECT_NE(key, ContentKeyOf(Of(model::TypeKind::kInt32), vector, 1));
  auto date = Of(model::TypeKind::kDate);
  auto days = VectorOf(date, {Value::DATE(duckdb::date_t(1)), Value::DATE(duckdb::date_t(2))});
  EXPECT_NE(key, ContentKeyOf(date, days, 2));
}

}  // namespace
}  // namespace rhizo::table
