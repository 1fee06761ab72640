// Row blocks and patches of each released format stay readable: a golden file is what the code
// writes, and docs/format shows its bytes. RHIZO_WRITE_GOLDEN=1 writes the files anew (while the
// format is 0).
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/types.h"
#include "table/patch.h"
#include "table/row_block.h"
#include "table/testing/tables.h"

namespace rhizo::table {
namespace {

using duckdb::Value;
using testing::Of;

void ExpectGolden(const std::string& name, const std::string& bytes) {
  auto path = std::filesystem::path(RHIZO_SOURCE_DIR) / "tests/golden" / (name + ".bin");
  if (std::getenv("RHIZO_WRITE_GOLDEN") != nullptr) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
  }
  std::ifstream in(path, std::ios::binary);
  ASSERT_TRUE(in) << path;
  std::string found{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(ToHex(found), ToHex(bytes)) << path;
}

std::string BlockOf(const model::Schema& schema, const testing::TableRows& rows) {
  testing::ValueRows source(schema, rows);
  duckdb::DataChunk chunk;
  chunk.Initialize(duckdb::Allocator::DefaultAllocator(), engine::ToLogicalTypes(schema));
  CHECK(source.Next(&chunk).value());
  RowBlockEncoder encoder(schema);
  encoder.Append(chunk, 0, chunk.size());
  return encoder.Finish();
}

TEST(GoldenFiles, OfRowBlocks) {
  auto schema = testing::SchemaOf({Of(model::TypeKind::kInt64), Of(model::TypeKind::kString)});
  auto bytes = BlockOf(schema, {{Value::BIGINT(1), Value("one")},
                                {Value::BIGINT(-1), Value(duckdb::LogicalType::VARCHAR)}});
  ExpectGolden("row_block/two-rows", bytes);
  EXPECT_TRUE(OpenRowBlock(std::make_shared<const std::string>(bytes)).has_value());
}

// Written once from random rows of every type; what is read must be what would be written.
TEST(GoldenFiles, OfRowBlocksOfEveryTypeStayReadable) {
  if (std::getenv("RHIZO_WRITE_GOLDEN") != nullptr) {
    engine::Generator random(20);
    auto types = engine::LeafTypes();
    for (int i = 0; i < 8; ++i) types.push_back(engine::RandomType(&random, 2));
    for (size_t i = 0; i < types.size(); ++i) {
      if (types[i].ToString().size() > 200) continue;  // a long enum would be most of the file
      auto schema = testing::SchemaOf({types[i]});
      auto rows = testing::RandomRows(random, schema, 4);
      ExpectGolden("row_block/type-" + std::to_string(i), BlockOf(schema, rows));
    }
  }
  size_t count = 0;
  auto folder = std::filesystem::path(RHIZO_SOURCE_DIR) / "tests/golden/row_block";
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(file.path());
    std::ifstream in(file.path(), std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    auto block = OpenRowBlock(std::make_shared<const std::string>(bytes));
    ASSERT_TRUE(block.has_value()) << block.error().message();
    for (size_t i = 0; i < block->columns.size(); ++i) {
      auto values = DecodeColumnOf(*block, i);
      ASSERT_TRUE(values.has_value()) << values.error().message();
      ColumnEncoder encoder(block->columns[i].type);
      encoder.Append(*values, {.offset = 0, .count = block->rows});
      std::string again;
      encoder.Flush(&again);
      EXPECT_EQ(ToHex(again), ToHex(block->columns[i].bytes));
    }
    ++count;
  }
  EXPECT_GE(count, 30u);
}

TEST(GoldenFiles, OfPatches) {
  duckdb::Vector values(duckdb::LogicalType::INTEGER);
  values.SetValue(0, Value::INTEGER(7));
  values.SetValue(1, Value(duckdb::LogicalType::INTEGER));
  auto slots = model::PositionSet::FromSorted({3, 9});
  auto bytes = EncodePatch(5, Of(model::TypeKind::kInt32), slots, values);
  ExpectGolden("patch/two-cells", bytes);
  auto patch = DecodePatch(bytes);
  ASSERT_TRUE(patch.has_value());
  EXPECT_EQ(patch->slots, slots);
  EXPECT_EQ(patch->values.GetValue(0), Value::INTEGER(7));
  EXPECT_TRUE(patch->values.GetValue(1).IsNull());
}

TEST(Patches, AreCompressedWhereThatIsShorter) {
  duckdb::Vector values(duckdb::LogicalType::BIGINT, 5'000);
  for (size_t i = 0; i < 5'000; ++i) values.SetValue(i, Value::BIGINT(42));
  auto bytes =
      EncodePatch(5, Of(model::TypeKind::kInt64), model::PositionSet::FromRange(0, 5'000), values);
  EXPECT_LT(bytes.size(), 200u);
  auto patch = DecodePatch(bytes);
  ASSERT_TRUE(patch.has_value()) << patch.error().message();
  EXPECT_EQ(patch->values.GetValue(4'999), Value::BIGINT(42));
  EXPECT_EQ(DecodePatch(bytes.substr(0, bytes.size() - 1)).error().code(), ErrorCode::kCorruption);
}

}  // namespace
}  // namespace rhizo::table
