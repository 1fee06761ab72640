#include "engine/storage.h"

#include <gtest/gtest.h>

#include "engine/errors.h"
#include "engine/instance.h"
#include "engine/memory_file.h"
#include "engine/segment_file_system.h"
#include "engine/testing/random_values.h"
#include "engine/types.h"

namespace rhizo::engine {
namespace {

using duckdb::idx_t;
using duckdb::LogicalType;
using model::Type;
using model::TypeKind;

constexpr idx_t kRows = 600;

Instance& SharedInstance() {
  static Instance* instance = [] {
    InstanceOptions options;
    options.threads = 1;
    return Instance::Start(options).value().release();
  }();
  return *instance;
}

class OneObject final : public SegmentSource {
 public:
  explicit OneObject(std::string bytes) : bytes_(std::move(bytes)) {}
  Result<uint64_t> Size(const ObjectId&) override { return bytes_.size(); }
  Status ReadAt(const ObjectId&, uint64_t offset, std::span<char> out) override {
    std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return {};
  }

 private:
  std::string bytes_;
};

std::string WriteParquet(duckdb::ClientContext& context, const model::Schema& schema,
                         duckdb::DataChunk& stored, bool plain) {
  MemoryFile file;
  auto limit = plain ? duckdb::optional_idx(0) : duckdb::optional_idx();
  duckdb::ParquetWriter writer(context, file, "segment", stored.GetTypes(), ColumnNames(schema),
                               duckdb_parquet::CompressionCodec::ZSTD, StorageFieldIds(schema),
                               duckdb::ShreddingType(), {}, nullptr, limit, 1 << 20, false, 0.01, 3,
                               duckdb::ParquetVersion::V2, duckdb::GeoParquetVersion::NONE);
  duckdb::ColumnDataCollection rows(context, stored.GetTypes());
  rows.Append(stored);
  duckdb::unique_ptr<duckdb::ParquetWriteTransformData> transform;
  writer.Flush(rows, transform);
  writer.Finalize();
  return std::move(file).Take();
}

void ReadParquet(duckdb::ClientContext& context, SegmentSource* source, duckdb::DataChunk* out) {
  SegmentAccess access(source);
  duckdb::ParquetOptions options(context);
  duckdb::ParquetReader reader(context, duckdb::OpenFileInfo(SegmentPath(ObjectId())), options);
  for (idx_t i = 0; i < out->ColumnCount(); ++i) {
    reader.column_ids.push_back(duckdb::MultiFileLocalColumnId(i));
    reader.column_indexes.push_back(duckdb::ColumnIndex(i));
  }
  duckdb::ParquetReaderScanState state;
  reader.InitializeScan(context, state, {0});
  while (true) {
    duckdb::DataChunk piece;
    piece.Initialize(context, out->GetTypes());
    auto result = reader.Scan(context, state, piece);
    if (piece.size() > 0) out->Append(piece, true);
    if (result.GetResultType() == duckdb::AsyncResultType::FINISHED) return;
  }
}

model::Schema OneColumn(const Type& type) {
  model::Schema schema;
  model::Field field;
  field.id = 7;
  field.name = "c";
  field.type = type;
  schema.fields.push_back(field);
  return schema;
}

void ExpectSame(duckdb::Vector& expected, duckdb::Vector& actual, idx_t count, const Type& type) {
  for (idx_t i = 0; i < count; ++i) {
    ASSERT_EQ(ExactText(expected.GetValue(i)), ExactText(actual.GetValue(i)))
        << type.ToString() << " row " << i << ": " << expected.GetValue(i).ToString() << " became "
        << actual.GetValue(i).ToString();
  }
}

// Through the storage form and a real Parquet file.
void RoundTrip(const Type& type, duckdb::Vector& values, idx_t count) {
  auto instance_connection = SharedInstance().Connect();
  auto& context = *(*instance_connection)->context;
  auto schema = OneColumn(type);
  duckdb::DataChunk stored;
  stored.Initialize(context, StorageTypes(schema));
  ToStorage(type, values, stored.data[0], count);
  stored.SetCardinality(count);
  FloatBits floats;
  floats.Add(type, values, count, 0);

  std::string bytes;
  duckdb::DataChunk loaded;
  context.RunFunctionInTransaction([&] {
    bytes = WriteParquet(context, schema, stored, floats.NeedsPlain());
    OneObject source(bytes);
    loaded.Initialize(context, StorageTypes(schema));
    ReadParquet(context, &source, &loaded);
  });
  ASSERT_EQ(loaded.size(), count);
  duckdb::Vector back(ToLogicalType(type), count);
  FromStorage(type, loaded.data[0], back, count);
  ExpectSame(values, back, count, type);
}

void RoundTripRandom(Generator* random, const Type& type) {
  duckdb::Vector values(ToLogicalType(type), kRows);
  FillRandom(random, type, &values, kRows);
  RoundTrip(type, values, kRows);
}

TEST(Storage, EveryLeafTypeComesBackBitByBitFromParquet) {
  Generator random(1);
  for (const auto& type : LeafTypes()) {
    SCOPED_TRACE(type.ToString());
    RoundTripRandom(&random, type);
  }
}

TEST(Storage, NestedTypesComeBackBitByBitFromParquet) {
  uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Generator random(seed);
  for (int i = 0; i < 40; ++i) {
    Type type = RandomType(&random, 3);
    SCOPED_TRACE(type.ToString());
    RoundTripRandom(&random, type);
  }
}

TEST(Storage, ConstantAndDictionaryVectorsAreConvertedLikeFlatOnes) {
  Type type = OfKind(TypeKind::kInt128);
  duckdb::Vector constant(duckdb::Value::HUGEINT(-5));
  duckdb::Vector out(StorageType(type));
  ToStorage(type, constant, out, 10);
  duckdb::Vector back(ToLogicalType(type));
  FromStorage(type, out, back, 10);
  EXPECT_EQ(back.GetValue(9).ToString(), "-5");
}

TEST(Storage, WideIntegersSortAsBytes) {
  Type type = OfKind(TypeKind::kInt128);
  duckdb::Vector values(LogicalType::HUGEINT);
  values.SetValue(0, duckdb::Value::HUGEINT(-2));
  values.SetValue(1, duckdb::Value::HUGEINT(-1));
  values.SetValue(2, duckdb::Value::HUGEINT(0));
  values.SetValue(3, duckdb::Value::HUGEINT(1));
  duckdb::Vector out(StorageType(type));
  ToStorage(type, values, out, 4);
  auto* bytes = duckdb::FlatVector::GetData<duckdb::string_t>(out);
  for (int i = 0; i < 3; ++i) EXPECT_LT(bytes[i].GetString(), bytes[i + 1].GetString());
}

TEST(Storage, DictionariesThatWouldMergeFloatsAreSeen) {
  Type type = OfKind(TypeKind::kList);
  type.children.push_back(OneColumn(OfKind(TypeKind::kFloat64)).fields[0]);
  FloatBits floats;
  duckdb::Vector first(ToLogicalType(type));
  first.SetValue(0, duckdb::Value::LIST({duckdb::Value::DOUBLE(0.0)}));
  floats.Add(type, first, 1, 0);
  EXPECT_FALSE(floats.NeedsPlain());
  duckdb::Vector second(ToLogicalType(type));
  second.SetValue(0, duckdb::Value::LIST({duckdb::Value::DOUBLE(-0.0)}));
  floats.Add(type, second, 1, 1);
  EXPECT_FALSE(floats.NeedsPlain()) << "another column";
  floats.Add(type, second, 1, 0);
  EXPECT_TRUE(floats.NeedsPlain());
}

template <class Fill>
void ExpectCorrupt(const Type& type, Fill fill) {
  duckdb::Vector stored(StorageType(type));
  fill(&stored);
  duckdb::Vector out(ToLogicalType(type));
  Status status = Guarded([&] { FromStorage(type, stored, out, 1); });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), ErrorCode::kCorruption);
}

TEST(Storage, StoredValuesThatAreNoneOfTheTypeAreCorruption) {
  auto blob = [](std::string bytes) {
    return [bytes](duckdb::Vector* out) { out->SetValue(0, duckdb::Value::BLOB_RAW(bytes)); };
  };
  ExpectCorrupt(OfKind(TypeKind::kInt128), blob("short"));
  ExpectCorrupt(OfKind(TypeKind::kInterval), blob(std::string(17, 'x')));
  ExpectCorrupt(OfKind(TypeKind::kBit), blob(""));
  ExpectCorrupt(OfKind(TypeKind::kBit), blob("\x09z"));
  ExpectCorrupt(OfKind(TypeKind::kBit), blob(std::string("\x04\x00", 2)));
  Type letters = OfKind(TypeKind::kEnum);
  letters.enum_values = {"a", "b"};
  ExpectCorrupt(letters, [](duckdb::Vector* out) { out->SetValue(0, duckdb::Value::UTINYINT(2)); });
  Type pair = OfKind(TypeKind::kArray);
  pair.array_size = 2;
  pair.children = OneColumn(OfKind(TypeKind::kInt32)).fields;
  ExpectCorrupt(pair, [](duckdb::Vector* out) {
    out->SetValue(0, duckdb::Value::LIST({duckdb::Value::INTEGER(1)}));
  });
}

TEST(Storage, FieldIdsReachEveryLevel) {
  Type type = OfKind(TypeKind::kUnion);
  type.children = OneColumn(OfKind(TypeKind::kList)).fields;
  type.children[0].type.children = OneColumn(OfKind(TypeKind::kInt32)).fields;
  type.children[0].type.children[0].name = "element";
  type.children[0].type.children[0].id = 9;
  auto ids = StorageFieldIds(OneColumn(type));
  auto& column = ids.ids->at("c");
  EXPECT_EQ(column.field_id, 7);
  auto& member = column.child_field_ids.ids->at("value_c");
  EXPECT_EQ(member.field_id, 7);
  EXPECT_EQ(member.child_field_ids.ids->at("element").field_id, 9);
}

TEST(SegmentFiles, AreUnreachableWithoutTheGuard) {
  auto connection = SharedInstance().Connect();
  auto& context = *(*connection)->context;
  Status status = Guarded([&] {
    duckdb::ParquetOptions options(context);
    duckdb::ParquetReader reader(context, duckdb::OpenFileInfo(SegmentPath(ObjectId())), options);
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), ErrorCode::kUnsupported);
}

TEST(SegmentFiles, GiveBackTheErrorOfTheirSource) {
  class Missing final : public SegmentSource {
    Result<uint64_t> Size(const ObjectId&) override { return Corruption("object 00 is missing"); }
    Status ReadAt(const ObjectId&, uint64_t, std::span<char>) override { return {}; }
  };
  auto connection = SharedInstance().Connect();
  auto& context = *(*connection)->context;
  Missing source;
  SegmentAccess access(&source);
  Status status = Guarded([&] {
    duckdb::ParquetOptions options(context);
    duckdb::ParquetReader reader(context, duckdb::OpenFileInfo(SegmentPath(ObjectId())), options);
  });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code(), ErrorCode::kCorruption);
  EXPECT_EQ(status.error().message(), "object 00 is missing");
}

TEST(SegmentFiles, GuardsNest) {
  OneObject one("x");
  SegmentAccess outer(&one);
  { SegmentAccess inner(nullptr); }
  auto file_system = MakeSegmentFileSystem();
  auto file =
      file_system->OpenFile(SegmentPath(ObjectId()), duckdb::FileOpenFlags::FILE_FLAGS_READ);
  EXPECT_EQ(file->GetFileSize(), 1);
}

}  // namespace
}  // namespace rhizo::engine
