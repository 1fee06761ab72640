#include "table_image.h"

#include <algorithm>

#include "base/blake3.h"
#include "base/check.h"
#include "engine/types.h"
#include "model/entry.h"
#include "model/segment_info.h"
#include "model/table_state.h"
#include "object/staging.h"
#include "table/patch.h"
#include "table/row_block.h"
#include "table/segment_encoder.h"
#include "tree/builder.h"

namespace rhizo::fuzz {
namespace {

using duckdb::Value;
using model::SegmentEntry;
using model::SegmentKind;
using model::TypeKind;

constexpr uint32_t kRows = 60;

model::Field NewField(FieldId id, std::string name, model::Type type) {
  model::Field field;
  field.id = id;
  field.name = std::move(name);
  field.type = std::move(type);
  return field;
}

model::Type Of(TypeKind kind) {
  model::Type type;
  type.kind = kind;
  return type;
}

model::Schema NewSchema() {
  model::Type list = Of(TypeKind::kList);
  list.children.push_back(NewField(4, "element", Of(TypeKind::kInt32)));
  model::Schema schema;
  schema.fields = {NewField(1, "number", Of(TypeKind::kInt64)),
                   NewField(2, "text", Of(TypeKind::kString)), NewField(3, "list", list),
                   NewField(5, "wide", Of(TypeKind::kInt128))};
  return schema;
}

Value ListOf(uint32_t row) {
  if (row % 5 == 0) return Value(duckdb::LogicalType::LIST(duckdb::LogicalType::INTEGER));
  duckdb::vector<Value> items(row % 4, Value::INTEGER(static_cast<int32_t>(row)));
  return Value::LIST(duckdb::LogicalType::INTEGER, std::move(items));
}

void FillRow(duckdb::DataChunk& rows, uint32_t row) {
  rows.SetValue(0, row, row % 7 == 0 ? Value() : Value::BIGINT(row));
  rows.SetValue(1, row, Value("text of row " + std::to_string(row % 3)));
  rows.SetValue(2, row, ListOf(row));
  rows.SetValue(3, row, Value::HUGEINT(duckdb::hugeint_t(row)));
}

void FillRows(duckdb::DataChunk& rows, const model::Schema& schema) {
  rows.Initialize(duckdb::Allocator::DefaultAllocator(), engine::ToLogicalTypes(schema));
  for (uint32_t row = 0; row < kRows; ++row) FillRow(rows, row);
  rows.SetCardinality(kRows);
}

std::string Block(const model::Schema& schema, duckdb::DataChunk& rows) {
  table::RowBlockEncoder encoder(schema);
  encoder.Append(rows, 0, kRows);
  return encoder.Finish();
}

table::EncodedSegment Segment(const model::Schema& schema, duckdb::DataChunk& rows) {
  duckdb::ColumnDataCollection collected(duckdb::Allocator::DefaultAllocator(),
                                         engine::ToLogicalTypes(schema));
  collected.Append(rows);
  return table::EncodeSegment(Client(), schema, &collected).value();
}

std::string Patch(const model::Schema& schema) {
  duckdb::Vector values(duckdb::LogicalType::BIGINT, 3);
  for (int64_t i = 0; i < 3; ++i) values.SetValue(i, Value::BIGINT(i - 1));
  return table::EncodePatch(1, schema.fields[0].type, model::PositionSet::FromSorted({3, 9, 11}),
                            values);
}

model::Place PlaceOf(const std::string& birth) {
  return model::Gap{.path = {}, .digit = model::FirstDigit()}.Start(BirthId::FromBytes(birth));
}

// Every third slot is hidden, three cells are patched, one of them dead.
SegmentEntry Overlaid(const std::string& block, const std::string& patch,
                      object::Staging& staging) {
  SegmentEntry entry = model::WholeSegment(SegmentKind::kRowBlock, ObjectIdOf(block), kRows,
                                           block.size(), PlaceOf("birth-000001"));
  std::vector<uint32_t> shown;
  for (uint32_t slot = 0; slot < kRows; ++slot) {
    if (slot % 3 != 1) shown.push_back(slot);
  }
  const auto visible = model::PositionSet::FromSorted(shown);
  entry.slice_begin = visible.first();
  entry.slice_end = visible.last() + 1;
  entry.hidden = model::Store(staging, visible.Complement(entry.slice_begin, entry.slice_end));
  entry.visible_rows = visible.size();
  entry.runs = model::Store(staging, model::TrimRuns(entry.runs.inline_runs, visible));
  entry.patches = {
      {ObjectIdOf(patch), 1, model::Store(staging, model::PositionSet::FromSorted({9}))}};
  return entry;
}

model::TableState NewState(const model::Schema& schema, const tree::Root& root,
                           std::span<const SegmentEntry> entries) {
  model::TableState state;
  state.id = TableId::FromBytes("fedcba9876543210");
  state.schema = schema;
  state.used_field_ids = {1, 2, 3, 4, 5};
  state.tree_root = root.id;
  state.entries = entries.size();
  for (const auto& entry : entries) {
    state.rows += entry.visible_rows;
    state.bytes += entry.length_bytes;
  }
  return state;
}

}  // namespace

engine::Instance& Engine() {
  static auto* const instance = [] {
    engine::InstanceOptions options;
    options.threads = 1;
    return engine::Instance::Start(options).value().release();
  }();
  return *instance;
}

duckdb::ClientContext& Client() {
  static auto* const connection = [] {
    auto* made = Engine().Connect().value().release();
    made->BeginTransaction();
    return made;
  }();
  return *connection->context;
}

TableImage TableImage::Whole() {
  const model::Schema schema = NewSchema();
  duckdb::DataChunk rows;
  FillRows(rows, schema);
  const std::string block = Block(schema, rows), patch = Patch(schema);
  const auto segment = Segment(schema, rows);
  const std::string info = model::Encode(segment.info);
  object::Staging staging(nullptr);
  const SegmentEntry entries[] = {
      Overlaid(block, patch, staging),
      model::WholeSegment(SegmentKind::kParquet, ObjectIdOf(info), kRows, segment.bytes.size(),
                          PlaceOf("birth-000002"))};
  tree::Builder builder(&staging);
  for (const auto& entry : entries) {
    const auto& first = entry.runs.inline_runs.front().first;
    CHECK(builder.Add(model::EncodePlace(first), model::Encode(entry), entry.visible_rows));
  }
  const tree::Root root = builder.Finish().value();

  TableImage image;
  for (const auto& bytes : {segment.bytes, info, block, patch, *staging.Find(root.id),
                            model::Encode(NewState(schema, root, entries))}) {
    image.Add(bytes);
  }
  return image;
}

void TableImage::Add(std::string bytes) {
  const ObjectId id = ObjectIdOf(bytes);
  objects_.push_back({id, std::move(bytes)});
}

void TableImage::Replace(size_t i, std::string bytes) {
  constexpr size_t kInfo = 1;
  const ObjectId before = objects_[i].id;
  objects_[i].bytes = i == kInfo ? WithFittingHashes(std::move(bytes)) : std::move(bytes);
  Rename(i, before);
}

void TableImage::Rename(size_t i, const ObjectId& before) {
  objects_[i].id = ObjectIdOf(objects_[i].bytes);
  for (size_t parent = i + 1; parent < objects_.size(); ++parent) {
    auto& bytes = objects_[parent].bytes;
    const size_t at = bytes.find(before.view());
    if (at == std::string::npos) continue;
    bytes.replace(at, ObjectId::kSize, objects_[i].id.view());
    Rename(parent, objects_[parent].id);
  }
}

std::string TableImage::WithFittingHashes(std::string bytes) const {
  auto info = model::DecodeSegmentInfo(bytes);
  const Object& file = objects_[0];
  if (!info || info->length_bytes != file.bytes.size()) return bytes;
  const auto bytes_of = [&](const model::ByteRange& range) {
    return file.bytes.substr(range.offset, range.length);
  };
  for (auto& field : info->fields) field.chunk_hash = Blake3(bytes_of(field.chunk));
  info->rest_hash = Blake3(bytes_of(info->header) + bytes_of(info->footer));
  info->segment = file.id;
  return model::Encode(*info);
}

Result<object::ObjectBytes> TableImage::Read(const ObjectId& id) {
  for (const auto& object : objects_) {
    if (object.id == id) return std::make_shared<const std::string>(object.bytes);
  }
  return Corruption("object " + id.Short() + " is missing");
}

}  // namespace rhizo::fuzz
