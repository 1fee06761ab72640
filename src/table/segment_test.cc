// Parquet segments as files of their own: what a plain DuckDB sees, what the info says.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/blake3.h"
#include "engine/types.h"
#include "table/row_block.h"
#include "table/segment_encoder.h"
#include "table/segment_reader.h"
#include "table/testing/tables.h"

namespace rhizo::table {
namespace {

using duckdb::Value;
using testing::Of;
using testing::RandomRows;
using testing::SchemaOf;
using testing::TableRows;

std::unique_ptr<duckdb::ColumnDataCollection> Collect(const model::Schema& schema,
                                                      const TableRows& rows) {
  auto types = engine::ToLogicalTypes(schema);
  auto collected =
      std::make_unique<duckdb::ColumnDataCollection>(duckdb::Allocator::DefaultAllocator(), types);
  testing::ValueRows source(schema, rows);
  duckdb::DataChunk chunk;
  chunk.Initialize(duckdb::Allocator::DefaultAllocator(), types);
  while (chunk.Reset(), source.Next(&chunk).value()) collected->Append(chunk);
  return collected;
}

EncodedSegment Encode(const model::Schema& schema, const TableRows& rows) {
  auto collected = Collect(schema, rows);
  auto segment = EncodeSegment(testing::Client(), schema, collected.get());
  CHECK(segment.has_value());
  return *std::move(segment);
}

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& bytes) {
    path_ = std::filesystem::temp_directory_path() / "rhizo-segment-XXXXXX";
    int descriptor = mkstemp(path_.data());
    CHECK(descriptor >= 0);
    close(descriptor);
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(Segment, OpensInAPlainDuckDBWithTheSameNativeValues) {
  std::vector<model::Type> native;
  for (const auto& type : engine::LeafTypes()) {
    switch (type.kind) {
      case model::TypeKind::kBoolean:
      case model::TypeKind::kInt32:
      case model::TypeKind::kInt64:
      case model::TypeKind::kFloat64:
      case model::TypeKind::kDecimal:
      case model::TypeKind::kString:
      case model::TypeKind::kDate:
      case model::TypeKind::kTimestampUs:
      case model::TypeKind::kUuid: native.push_back(type); break;
      default: break;
    }
  }
  auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  engine::Generator random(seed);
  auto schema = SchemaOf(native);
  auto rows = RandomRows(random, schema, 500);
  TemporaryFile file(Encode(schema, rows).bytes);
  duckdb::DuckDB plain(nullptr);
  duckdb::Connection connection(plain);
  auto result = connection.Query("SELECT * FROM read_parquet('" + file.path() + "')");
  ASSERT_FALSE(result->HasError()) << result->GetError();
  ASSERT_EQ(result->RowCount(), rows.size());
  for (size_t column = 0; column < native.size(); ++column) {
    EXPECT_EQ(result->names[column], schema.fields[column].name);
    for (size_t row = 0; row < rows.size(); ++row) {
      ASSERT_TRUE(Value::NotDistinctFrom(result->GetValue(column, row), rows[row][column]))
          << native[column].ToString() << " " << rows[row][column].ToString();
    }
  }
  auto ids = connection.Query("SELECT name, field_id FROM parquet_schema('" + file.path() +
                              "') WHERE field_id IS NOT NULL");
  ASSERT_EQ(ids->RowCount(), native.size());
  EXPECT_EQ(ids->GetValue(1, 0).GetValue<int32_t>(), schema.fields[0].id);
}

TEST(Segment, EveryByteBelongsToOneHashedRange) {
  engine::Generator random(3);
  auto schema = SchemaOf(engine::LeafTypes());
  auto segment = Encode(schema, RandomRows(random, schema, 3'000));
  const auto& info = segment.info;
  EXPECT_EQ(info.segment, ObjectIdOf(segment.bytes));
  uint64_t end = info.header.end();
  for (const auto& field : info.fields) {
    EXPECT_EQ(field.chunk.offset, end);
    auto bytes = std::string_view(segment.bytes).substr(field.chunk.offset, field.chunk.length);
    EXPECT_EQ(field.chunk_hash, Blake3(bytes));
    end = field.chunk.end();
  }
  EXPECT_EQ(info.footer.offset, end);
  EXPECT_EQ(info.footer.end(), segment.bytes.size());
  auto decoded = model::DecodeSegmentInfo(model::Encode(info));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(*decoded, info);
}

TEST(Segment, InfoKnowsBoundsNullsAndDistinctValues) {
  auto schema = SchemaOf({Of(model::TypeKind::kInt32), Of(model::TypeKind::kString)});
  const std::string long_text(100, 'x');
  TableRows rows;
  for (int i = 0; i < 5'000; ++i) {
    rows.push_back({i % 10 == 0 ? Value(duckdb::LogicalType::INTEGER) : Value::INTEGER(i % 100),
                    Value(long_text + std::to_string(i % 3))});
  }
  auto segment = Encode(schema, rows);
  const auto& number = segment.info.fields[0].statistics;
  EXPECT_EQ(number.null_count, 500u);
  EXPECT_EQ(number.min, std::string("\1\0\0\0", 4));
  EXPECT_EQ(number.max, std::string("\x63\0\0\0", 4));
  EXPECT_TRUE(number.min_exact && number.max_exact);
  EXPECT_GT(number.distinct_estimate, 60u);
  EXPECT_LT(number.distinct_estimate, 140u);
  const auto& text = segment.info.fields[1].statistics;
  EXPECT_FALSE(text.min_exact || text.max_exact);
  EXPECT_EQ(text.min, std::string(64, 'x'));
  std::string above(64, 'x');
  above.back() = 'y';
  EXPECT_EQ(text.max, above);
  EXPECT_EQ(text.max_length, 101u);
  EXPECT_EQ(number.max_length, std::nullopt);
}

TEST(Segment, StringsLongerThanItsInfoSaysAreDamage) {
  auto schema = SchemaOf({Of(model::TypeKind::kString)});
  auto segment = Encode(schema, {{Value("four")}, {Value("longer than four")}});
  testing::Store store;
  auto context = store.Reading();
  ASSERT_EQ(store.staging().Add(segment.bytes), segment.info.segment);
  EXPECT_TRUE(SegmentFile(testing::Client(), context, segment.info).Read(0).has_value());
  segment.info.fields[0].statistics.max_length = 4;
  auto whole = SegmentFile(testing::Client(), context, segment.info).Read(0);
  ASSERT_FALSE(whole.has_value());
  EXPECT_EQ(whole.error().code(), ErrorCode::kCorruption);
  SegmentFile filtered(testing::Client(), context, segment.info);
  auto no_filters = duckdb::make_uniq<duckdb::TableFilterSet>();
  ASSERT_TRUE(filtered.StartFiltered({0}, std::move(no_filters)).has_value());
  EXPECT_EQ(filtered.NextFiltered().error().code(), ErrorCode::kCorruption);
}

TEST(Segment, TheSameRowsGiveTheSameFile) {
  engine::Generator random(11);
  auto schema = SchemaOf(engine::LeafTypes());
  auto rows = RandomRows(random, schema, 2'500);
  EXPECT_EQ(Encode(schema, rows).bytes, Encode(schema, rows).bytes);
}

TEST(RowBlock, HasTheSameBytesEverywhere) {
  auto schema = SchemaOf({Of(model::TypeKind::kInt64), Of(model::TypeKind::kString)});
  auto rows = Collect(schema, {{Value::BIGINT(1), Value("one")},
                               {Value::BIGINT(-1), Value(duckdb::LogicalType::VARCHAR)}});
  RowBlockEncoder encoder(schema);
  for (auto& chunk : rows->Chunks()) encoder.Append(chunk, 0, chunk.size());
  EXPECT_EQ(ToHex(encoder.Finish()),
            "52485a4f0201"  // header
            "0202"          // two rows, two fields
            "01000000"
            "05"
            "11"  // field 1, BIGINT, 17 bytes
            "02000000"
            "0f"
            "06"                                  // field 2, VARCHAR, 6 bytes
            "000100000000000000ffffffffffffffff"  // no NULL, 1, -1
            "0101036f6e65");                      // a bitmap, one string of 3 bytes
}

TEST(RowBlock, HostileBytesAreRefusedOrReadable) {
  auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  engine::Generator random(seed);
  auto schema = SchemaOf({Of(model::TypeKind::kInt16), engine::RandomType(&random, 2)});
  RowBlockEncoder encoder(schema);
  auto rows = Collect(schema, RandomRows(random, schema, 20));
  for (auto& chunk : rows->Chunks()) encoder.Append(chunk, 0, chunk.size());
  auto good = encoder.Finish();
  for (int i = 0; i < 2'000; ++i) {
    auto bytes = good;
    bytes[random() % bytes.size()] = static_cast<char>(random());
    auto block = OpenRowBlock(std::make_shared<const std::string>(bytes));
    if (!block) continue;
    for (size_t column = 0; column < block->columns.size(); ++column) {
      auto decoded = DecodeColumnOf(*block, column);
      if (!decoded) continue;
      ColumnEncoder again(block->columns[column].type);
      again.Append(*decoded, {.offset = 0, .count = block->rows});
      std::string column_bytes;
      again.Flush(&column_bytes);
      ASSERT_EQ(column_bytes, block->columns[column].bytes);
    }
  }
}

}  // namespace
}  // namespace rhizo::table
