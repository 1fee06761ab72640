#include "model/testing/samples.h"

namespace rhizo::model::testing {
namespace {

PositionSet EveryThird(uint32_t count) {
  std::vector<uint32_t> slots;
  for (uint32_t i = 0; i < count; ++i) slots.push_back(100 + 3 * i);
  return PositionSet::FromSorted(slots);
}

PositionsRef Inline(PositionSet set) { return {set.size(), std::nullopt, std::move(set)}; }

Type DecimalOf(uint8_t precision, uint8_t scale) {
  Type type = TypeOf(TypeKind::kDecimal);
  type.precision = precision;
  type.scale = scale;
  return type;
}

Type EnumOf(std::vector<std::string> values) {
  Type type = TypeOf(TypeKind::kEnum);
  type.enum_values = std::move(values);
  return type;
}

Type ArrayOf(Field element, uint32_t size) {
  Type type = ListOf(std::move(element));
  type.kind = TypeKind::kArray;
  type.array_size = size;
  return type;
}

Type MapOf(Field key, Field value) {
  Type type = TypeOf(TypeKind::kMap);
  type.children = {std::move(key), std::move(value)};
  return type;
}

Type UnionOf(std::vector<Field> members) {
  Type type = StructOf(std::move(members));
  type.kind = TypeKind::kUnion;
  return type;
}

// A type of `kind` with whatever it needs, its children's ids from `id` on.
Type AnyTypeOf(TypeKind kind, FieldId id) {
  Field text = FieldOf(id, "element", TypeOf(TypeKind::kString));
  Field number = FieldOf(id + 1, "value", TypeOf(TypeKind::kInt64));
  switch (kind) {
    case TypeKind::kDecimal: return DecimalOf(10, 2);
    case TypeKind::kEnum: return EnumOf({"low", "high"});
    case TypeKind::kList: return ListOf(text);
    case TypeKind::kArray: return ArrayOf(text, 3);
    case TypeKind::kStruct: return StructOf({text, number});
    case TypeKind::kUnion: return UnionOf({text, number});
    case TypeKind::kMap: text.name = "key"; return MapOf(text, number);
    default: return TypeOf(kind);
  }
}

ColumnStatistics SampleStatistics() {
  ColumnStatistics statistics;
  statistics.min = std::string("\x01\0\0\0", 4);
  statistics.max = std::string("\x7f\0\0\0", 4);
  statistics.min_exact = true;
  statistics.null_count = 2;
  statistics.distinct_estimate = 90;
  statistics.content_key = FilledId<Hash256>(0xcc);
  return statistics;
}

SegmentEntry CutEntry() {
  SegmentEntry entry;
  entry.kind = SegmentKind::kParquet;
  entry.id = FilledId<ObjectId>(0x11);
  entry.segment_rows = 1000;
  entry.slice_begin = 10;
  entry.slice_end = 30;
  entry.hidden = Inline(PositionSet::FromSorted({12, 20, 21, 22}));
  entry.patches = {{FilledId<ObjectId>(0x22), 5, {}},
                   {FilledId<ObjectId>(0x33), 5, Inline(PositionSet::FromSorted({11, 29}))}};
  entry.runs.inline_runs = {{10, 10, PlaceAt(1, 0)}, {23, 7, PlaceBelow(9, 2, 4)}};
  entry.visible_rows = 16;
  entry.length_bytes = 4096;
  return entry;
}

SegmentEntry OutOfLineEntry() {
  SegmentEntry entry = CutEntry();
  entry.hidden = {4, FilledId<ObjectId>(0x44), {}};
  entry.patches[1].dead = {2, FilledId<ObjectId>(0x55), {}};
  entry.runs = {FilledId<ObjectId>(0x66), {}};
  return entry;
}

Commit SecondCommit() {
  Commit commit;
  commit.database = FilledId<DatabaseId>(0xdb);
  commit.parents = {FilledId<CommitId>(0xa1)};
  commit.generation = 1;
  commit.state_root = FilledId<ObjectId>(0x50);
  commit.txn = FilledId<TxnId>(0x7a);
  commit.time = {1'700'000'000'000'000};
  commit.author = "ann";
  commit.message = "first rows";
  commit.metadata = {{"ticket", "17"}};
  TableSummary table;
  table.table = FilledId<TableId>(0x01);
  table.name = "users";
  table.kind = ChangeKind::kCreate;
  table.rows_added = 3;
  table.replacement = true;
  commit.tables = {table};
  return commit;
}

Commit AutomaticMerge() {
  Commit commit;
  commit.database = FilledId<DatabaseId>(0xdb);
  commit.parents = {FilledId<CommitId>(0xa1), FilledId<CommitId>(0xa2)};
  commit.generation = 300;
  commit.state_root = FilledId<ObjectId>(0x51);
  commit.txn = FilledId<TxnId>(0x7b);
  commit.time = {1'700'000'000'000'001};
  commit.law_number = 1;
  commit.extensions = {{"note", {false, "kept though not understood"}}};
  return commit;
}

}  // namespace

Place PlaceAt(uint8_t birth, uint32_t position) {
  return {{{"\x80", FilledId<BirthId>(birth), position}}};
}

Place PlaceBelow(uint32_t position, uint8_t birth, uint32_t below) {
  Place place = PlaceAt(1, position);
  place.levels.push_back({std::string("\x80\x00\x00\x01", 4), FilledId<BirthId>(birth), below});
  return place;
}

Type TypeOf(TypeKind kind) {
  Type type;
  type.kind = kind;
  return type;
}

Field FieldOf(FieldId id, std::string name, Type type) {
  Field field;
  field.id = id;
  field.name = std::move(name);
  field.type = std::move(type);
  return field;
}

Type ListOf(Field element) {
  Type type = TypeOf(TypeKind::kList);
  element.name = "element";
  type.children = {std::move(element)};
  return type;
}

Type StructOf(std::vector<Field> members) {
  Type type = TypeOf(TypeKind::kStruct);
  type.children = std::move(members);
  return type;
}

Schema EverySchema() {
  Schema schema;
  for (int kind = 1; IsKnown(static_cast<TypeKind>(kind)); ++kind) {
    Type type = AnyTypeOf(static_cast<TypeKind>(kind), 1000 + 10 * kind);
    schema.fields.push_back(FieldOf(kind, "c" + std::to_string(kind), std::move(type)));
  }
  return schema;
}

Samples<Place> PlaceSamples() {
  Place zeros = PlaceAt(2, 7);
  zeros.levels[0].digit = std::string("\x80\x00\x00\x01", 4);
  return {{"first", PlaceAt(0xab, 0)}, {"zeros", zeros}, {"two-levels", PlaceBelow(258, 3, 1)}};
}

Samples<PositionSet> PositionSetSamples() {
  return {{"empty", {}},
          {"list", PositionSet::FromSorted({3, 4, 200})},
          {"runs", PositionSet::FromRange(10, 1000)},
          {"bitmap", EveryThird(40)}};
}

Samples<RunList> RunListSamples() {
  return {
      {"one", {{0, 2048, PlaceAt(1, 0)}}},
      {"three", {{0, 10, PlaceAt(1, 0)}, {10, 1, PlaceBelow(9, 2, 0)}, {12, 5, PlaceAt(1, 10)}}}};
}

Samples<Schema> SchemaSamples() {
  Schema small;
  small.fields = {FieldOf(7, "id", TypeOf(TypeKind::kInt64)),
                  FieldOf(9, "tags", ListOf(FieldOf(11, "", TypeOf(TypeKind::kString))))};
  small.fields[0].nullable = false;
  small.fields[1].merge_rule = "union";
  small.fields[1].attributes = {{"dictionary", "1"}};
  small.fields[1].first_default = std::string("\0", 1);
  small.fields[1].write_default = "x";
  small.attributes = {{"pandas", "{}"}};
  return {{"small", small}, {"every-type", EverySchema()}};
}

Samples<SegmentInfo> SegmentInfoSamples() {
  SegmentInfo info;
  info.segment = FilledId<ObjectId>(0xee);
  info.rows = 100;
  info.length_bytes = 1000;
  info.header = {0, 4};
  info.footer = {604, 396};
  info.rest_hash = FilledId<Hash256>(0xee);
  ColumnStatistics texts;
  texts.max_length = 300;
  info.fields = {
      {3, TypeOf(TypeKind::kInt32), {4, 200}, FilledId<Hash256>(0xa0), SampleStatistics()},
      {4, TypeOf(TypeKind::kString), {204, 400}, FilledId<Hash256>(0xa1), texts}};
  return {{"two-fields", info}};
}

Samples<SegmentEntry> SegmentEntrySamples() {
  return {{"whole",
           WholeSegment(SegmentKind::kRowBlock, FilledId<ObjectId>(0x11), 3, 120, PlaceAt(1, 0))},
          {"cut", CutEntry()},
          {"out-of-line", OutOfLineEntry()}};
}

Samples<TableState> TableStateSamples() {
  TableState empty;
  empty.id = FilledId<TableId>(1);
  empty.schema.fields = {FieldOf(7, "id", TypeOf(TypeKind::kInt64))};
  empty.used_field_ids = {7};
  TableState full;
  full.id = FilledId<TableId>(2);
  full.schema = SchemaSamples()[0].second;
  full.used_field_ids = {5, 7, 9, 11};
  full.key = {7};
  full.delete_wins = true;
  full.sort_order = {{7, true, false}};
  full.checks = {"id > 0"};
  full.tree_root = FilledId<ObjectId>(0x77);
  full.entries = 2;
  full.rows = 300;
  full.bytes = 9000;
  return {{"empty", empty}, {"full", full}};
}

Samples<StateKey> StateKeySamples() {
  return {{"table", {"main", StateKind::kTable, "users"}},
          {"view", {"s", StateKind::kView, "größen"}}};
}

Samples<StateEntry> StateEntrySamples() {
  return {{"table", {FilledId<TableId>(1), FilledId<ObjectId>(2)}}};
}

Samples<Commit> CommitSamples() {
  return {{"root", RootCommit(FilledId<DatabaseId>(0xdb), {1'600'000'000'000'000})},
          {"second", SecondCommit()},
          {"automatic-merge", AutomaticMerge()}};
}

Samples<Features> FeaturesSamples() { return {{"some", {1, 0, 300}}}; }

}  // namespace rhizo::model::testing
