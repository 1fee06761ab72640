#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <functional>

#include "engine/arrow_form.h"
#include "engine/arrow_in.h"
#include "engine/arrow_out.h"
#include "engine/instance.h"
#include "engine/testing/random_values.h"
#include "engine/types.h"

namespace rhizo::engine {
namespace {

using duckdb::idx_t;
using duckdb::Value;
using model::Type;
using model::TypeKind;
using ::testing::HasSubstr;

model::Field NewField(std::string name, Type type) {
  model::Field field;
  field.name = std::move(name);
  field.type = std::move(type);
  return field;
}

// Rows of values, 700 in a chunk.
class Values final : public ChunkSource {
 public:
  explicit Values(std::vector<std::vector<Value>> columns) : columns_(std::move(columns)) {}
  Result<bool> Next(duckdb::DataChunk* out) override {
    idx_t count = std::min<idx_t>(700, columns_[0].size() - next_);
    for (size_t c = 0; c < columns_.size(); ++c) {
      for (idx_t i = 0; i < count; ++i) out->data[c].SetValue(i, columns_[c][next_ + i]);
    }
    out->SetCardinality(count);
    next_ += count;
    return count > 0;
  }

 private:
  std::vector<std::vector<Value>> columns_;
  idx_t next_ = 0;
};

ArrowArrayStream Export(const model::Schema& schema, std::vector<std::vector<Value>> columns,
                        ArrowOutOptions options = {}) {
  ArrowArrayStream stream{};
  auto source = std::make_unique<Values>(std::move(columns));
  EXPECT_TRUE(ExportArrowStream(nullptr, schema, std::move(source), options, &stream));
  return stream;
}

std::vector<std::vector<Value>> ReadAll(ArrowReader* reader) {
  std::vector<std::vector<Value>> columns(reader->schema().fields.size());
  while (true) {
    duckdb::DataChunk chunk;
    auto more = reader->Next(&chunk);
    EXPECT_TRUE(more) << (more ? "" : more.error().message());
    if (!more || !*more) return columns;
    for (size_t c = 0; c < columns.size(); ++c) {
      for (idx_t i = 0; i < chunk.size(); ++i) columns[c].push_back(chunk.GetValue(c, i));
    }
  }
}

bool Holds(const Type& type, const std::function<bool(const Type&)>& what) {
  if (what(type)) return true;
  for (const auto& child : type.children) {
    if (Holds(child.type, what)) return true;
  }
  return false;
}

bool IsWide(const Type& type) {
  return type.kind == TypeKind::kInt128 || type.kind == TypeKind::kUInt128;
}

void ExpectSent(const std::vector<Value>& sent, const std::vector<Value>& got) {
  ASSERT_EQ(sent.size(), got.size());
  for (size_t i = 0; i < sent.size(); ++i) {
    ASSERT_EQ(ExactText(sent[i]), ExactText(got[i])) << "row " << i << " " << sent[i].ToString();
  }
}

void RoundTrip(Generator* random, const Type& type, ArrowOutOptions options = {}) {
  SCOPED_TRACE(type.ToString());
  model::Schema schema;
  schema.fields.push_back(NewField("c", type));
  std::vector<Value> values;
  for (int i = 0; i < 800; ++i) values.push_back(RandomValue(random, type));
  auto stream = Export(schema, {values}, options);
  auto reader = ArrowReader::Open(nullptr, &stream);
  ASSERT_TRUE(reader) << reader.error().message();
  EXPECT_EQ(stream.release, nullptr);
  if (!Holds(type, [](const Type& t) { return t.kind == TypeKind::kEnum; })) {
    EXPECT_EQ((*reader)->schema().fields[0].type.ToString(), type.ToString());
  }
  ExpectSent(values, ReadAll(reader->get())[0]);
}

TEST(Arrow, LeafTypesGoOutAndComeBackBitByBit) {
  Generator random(3);
  for (const auto& type : LeafTypes()) {
    if (!IsWide(type)) RoundTrip(&random, type);
  }
}

TEST(Arrow, NestedTypesGoOutAndComeBackBitByBit) {
  uint64_t seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Generator random(seed);
  for (int i = 0; i < 40;) {
    Type type = RandomType(&random, 3);
    if (Holds(type, IsWide)) continue;
    ++i;
    RoundTrip(&random, type, {.batch_rows = 1 + random() % 2000, .batch_bytes = 1 << 20});
  }
}

TEST(Arrow, WideIntegersAreDecimalsWithTheirNameAndComeBack) {
  model::Schema schema;
  schema.fields = {NewField("h", OfKind(TypeKind::kInt128)),
                   NewField("u", OfKind(TypeKind::kUInt128))};
  std::vector<Value> h = {Value::HUGEINT(-7), Value(duckdb::LogicalType::HUGEINT)};
  std::vector<Value> u = {Value::UHUGEINT(7), Value::UHUGEINT(0)};
  auto stream = Export(schema, {h, u});
  auto reader = ArrowReader::Open(nullptr, &stream);
  ASSERT_TRUE(reader);
  EXPECT_EQ((*reader)->schema().fields[0].type.kind, TypeKind::kInt128);
  EXPECT_EQ((*reader)->schema().fields[1].type.kind, TypeKind::kUInt128);
  auto columns = ReadAll(reader->get());
  ExpectSent(h, columns[0]);
  ExpectSent(u, columns[1]);
}

TEST(Arrow, WideIntegersBeyondDecimalsAreATypedError) {
  model::Schema schema;
  schema.fields = {NewField("h", OfKind(TypeKind::kInt128))};
  auto stream =
      Export(schema, {{Value::HUGEINT(duckdb::NumericLimits<duckdb::hugeint_t>::Maximum())}});
  ArrowArray array{};
  EXPECT_EQ(stream.get_next(&stream, &array), EINVAL);
  EXPECT_THAT(stream.get_last_error(&stream), HasSubstr("39 digits"));
  EXPECT_EQ(array.release, nullptr);
  stream.release(&stream);
}

TEST(Arrow, AttributesAreGivenBack) {
  model::Schema schema;
  schema.attributes["pandas"] = "{\"index_columns\": []}";
  schema.fields = {NewField("t", OfKind(TypeKind::kTimestampTz)),
                   NewField("d", OfKind(TypeKind::kInterval)),
                   NewField("g", OfKind(TypeKind::kBlob)), NewField("k", OfKind(TypeKind::kString)),
                   NewField("n", OfKind(TypeKind::kInt16))};
  schema.fields[0].attributes = {{kArrowTimeZone, "Europe/Berlin"}, {kArrowUnit, "n"}};
  schema.fields[1].attributes = {{kArrowDuration, "m"}};
  schema.fields[2].attributes = {{kArrowExtension, "geoarrow.wkb"},
                                 {kArrowExtensionMetadata, "{\"crs\": 1}"}};
  schema.fields[3].attributes = {{kArrowDictionary, "ordered"},
                                 {kArrowDictionaryValues, PackDictionary({"unused", "b", "a"})}};
  schema.fields[4].attributes = {{kArrowDictionary, "unordered"}};
  schema.fields[4].nullable = false;
  auto stream = Export(schema, {{Value::TIMESTAMPTZ(duckdb::timestamp_tz_t(5))},
                                {Value::INTERVAL(0, 1, 2000)},
                                {Value::BLOB("x")},
                                {Value("a")},
                                {Value::SMALLINT(300)}});
  ArrowSchema exported{};
  ASSERT_EQ(stream.get_schema(&stream, &exported), 0);
  EXPECT_STREQ(exported.children[0]->format, "tsn:Europe/Berlin");
  EXPECT_STREQ(exported.children[1]->format, "tDm");
  EXPECT_STREQ(exported.children[3]->format, "i");
  EXPECT_STREQ(exported.children[3]->dictionary->format, "u");
  exported.release(&exported);

  auto reader = ArrowReader::Open(nullptr, &stream);
  ASSERT_TRUE(reader) << reader.error().message();
  const auto& got = (*reader)->schema();
  EXPECT_EQ(got.attributes, schema.attributes);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(got.fields[i].attributes, schema.fields[i].attributes) << i;
  EXPECT_EQ(got.fields[4].attributes.at(kArrowDictionary), "unordered");
  EXPECT_FALSE(got.fields[4].nullable);
  auto columns = ReadAll(reader->get());
  EXPECT_EQ(columns[0][0].GetValue<int64_t>(), 5);
  EXPECT_EQ(columns[1][0].ToString(), "24:00:00.002");
  EXPECT_EQ(columns[3][0].ToString(), "a");
  EXPECT_EQ(columns[4][0].ToString(), "300");
}

TEST(Arrow, AnEmptyResultIsASchemaWithoutBatches) {
  model::Schema schema;
  schema.fields = {NewField("c", OfKind(TypeKind::kInt32))};
  auto stream = Export(schema, {{}});
  ArrowArray array{};
  EXPECT_EQ(stream.get_next(&stream, &array), 0);
  EXPECT_EQ(array.release, nullptr);
  auto reader = ArrowReader::Open(nullptr, &stream);
  ASSERT_TRUE(reader);
  EXPECT_TRUE(ReadAll(reader->get())[0].empty());
}

// ---- Streams made by hand, to lie with.

struct Hand {
  std::string format;
  std::string name = "c";
  std::string metadata;
  int64_t flags = ARROW_FLAG_NULLABLE;
  int64_t length = 0;
  int64_t offset = 0;
  int64_t null_count = 0;
  std::vector<std::string> buffers;
  std::vector<bool> missing;  // buffers that are null pointers
  std::vector<Hand> children;
  std::vector<Hand> dictionary;
};

template <class T>
std::string Bytes(std::initializer_list<T> values) {
  std::string out;
  for (T value : values) out.append(reinterpret_cast<const char*>(&value), sizeof(value));
  return out;
}

// Keeps what the structs point to; counts releases.
class HandStream {
 public:
  explicit HandStream(std::vector<Hand> columns) {
    root_.format = "+s";
    root_.name = "";
    root_.buffers = {""};
    root_.missing = {true};
    root_.length = columns.empty() ? 0 : columns[0].length;
    root_.children = std::move(columns);
  }
  ArrowArrayStream Get() {
    ArrowArrayStream stream{};
    stream.private_data = this;
    stream.get_schema = [](ArrowArrayStream* self, ArrowSchema* out) {
      auto* hand = static_cast<HandStream*>(self->private_data);
      hand->FillSchema(hand->root_, out);
      return 0;
    };
    stream.get_next = [](ArrowArrayStream* self, ArrowArray* out) {
      auto* hand = static_cast<HandStream*>(self->private_data);
      if (hand->batches_given++ == hand->batches) {
        *out = ArrowArray{};
        return hand->fail_with;
      }
      hand->FillArray(hand->root_, out);
      return 0;
    };
    stream.get_last_error = [](ArrowArrayStream*) { return "the disk fell over"; };
    stream.release = [](ArrowArrayStream* self) {
      ++static_cast<HandStream*>(self->private_data)->streams_released;
      self->release = nullptr;
    };
    return stream;
  }

  Hand& root() { return root_; }
  int batches = 1;
  int fail_with = 0;
  int batches_given = 0;
  int streams_released = 0;
  int arrays_released = 0;

 private:
  void FillSchema(const Hand& hand, ArrowSchema* out) {
    *out = ArrowSchema{};
    out->format = hand.format.c_str();
    out->name = hand.name.c_str();
    out->metadata = hand.metadata.empty() ? nullptr : hand.metadata.c_str();
    out->flags = hand.flags;
    out->n_children = static_cast<int64_t>(hand.children.size());
    auto& pointers = schema_pointers_.emplace_back();
    for (const auto& child : hand.children) {
      FillSchema(child, pointers.emplace_back(&schemas_.emplace_back()));
    }
    out->children = pointers.data();
    if (!hand.dictionary.empty()) {
      out->dictionary = &schemas_.emplace_back();
      FillSchema(hand.dictionary[0], out->dictionary);
    }
    out->release = [](ArrowSchema* self) { self->release = nullptr; };
  }
  void FillArray(const Hand& hand, ArrowArray* out) {
    *out = ArrowArray{};
    out->length = hand.length;
    out->offset = hand.offset;
    out->null_count = hand.null_count;
    auto& buffers = buffers_.emplace_back();
    for (size_t i = 0; i < hand.buffers.size(); ++i) {
      bool missing = i < hand.missing.size() && hand.missing[i];
      buffers.push_back(missing ? nullptr : hand.buffers[i].data());
    }
    out->n_buffers = static_cast<int64_t>(buffers.size());
    out->buffers = buffers.data();
    out->n_children = static_cast<int64_t>(hand.children.size());
    auto& pointers = array_pointers_.emplace_back();
    for (const auto& child : hand.children) {
      FillArray(child, pointers.emplace_back(&arrays_.emplace_back()));
    }
    out->children = pointers.data();
    if (!hand.dictionary.empty()) {
      out->dictionary = &arrays_.emplace_back();
      FillArray(hand.dictionary[0], out->dictionary);
    }
    out->private_data = this;
    out->release = [](ArrowArray* self) {
      ++static_cast<HandStream*>(self->private_data)->arrays_released;
      self->release = nullptr;
    };
  }

  Hand root_;
  std::deque<ArrowSchema> schemas_;
  std::deque<ArrowArray> arrays_;
  std::deque<std::vector<const void*>> buffers_;
  std::deque<std::vector<ArrowSchema*>> schema_pointers_;
  std::deque<std::vector<ArrowArray*>> array_pointers_;
};

Hand Fixed(std::string format, int64_t length, std::string data) {
  Hand hand;
  hand.format = std::move(format);
  hand.length = length;
  hand.buffers = {"", std::move(data)};
  hand.missing = {true};
  return hand;
}

Hand Text(std::string format, int64_t length, std::string offsets, std::string data) {
  Hand hand = Fixed(std::move(format), length, std::move(offsets));
  hand.buffers.push_back(std::move(data));
  return hand;
}

Hand Parent(std::string format, int64_t length, std::vector<std::string> buffers,
            std::vector<Hand> children) {
  Hand hand;
  hand.format = std::move(format);
  hand.length = length;
  hand.buffers = std::move(buffers);
  hand.children = std::move(children);
  return hand;
}

Hand Validity(Hand hand, std::string bits) {
  hand.buffers[0] = std::move(bits);
  hand.missing = {};
  hand.null_count = -1;
  return hand;
}

std::string Rendered(Hand column) {
  HandStream hand({std::move(column)});
  auto stream = hand.Get();
  auto reader = ArrowReader::Open(nullptr, &stream);
  if (!reader) return reader.error().message();
  duckdb::DataChunk chunk;
  auto more = (*reader)->Next(&chunk);
  if (!more) return more.error().message();
  std::string out;
  for (idx_t i = 0; i < chunk.size(); ++i) {
    out += (i == 0 ? "" : "|") + chunk.GetValue(0, i).ToString();
  }
  return out;
}

TEST(ArrowReader, ReadsEveryFormOfTextAndLists) {
  std::string offsets = Bytes<int32_t>({0, 2, 2, 5});
  std::string wide = Bytes<int64_t>({0, 2, 2, 5});
  for (const char* format : {"u", "z"}) {
    EXPECT_EQ(Rendered(Text(format, 3, offsets, "abcde")), "ab||cde");
  }
  for (const char* format : {"U", "Z"}) {
    EXPECT_EQ(Rendered(Text(format, 3, wide, "abcde")), "ab||cde");
  }
  EXPECT_EQ(Rendered(Fixed("w:2", 2, "abcd")), "ab|cd");
  Hand items = Fixed("i", 5, Bytes<int32_t>({1, 2, 3, 4, 5}));
  EXPECT_EQ(Rendered(Parent("+l", 3, {"", offsets}, {items})), "[1, 2]|[]|[3, 4, 5]");
  EXPECT_EQ(Rendered(Parent("+L", 3, {"", wide}, {items})), "[1, 2]|[]|[3, 4, 5]");
  EXPECT_EQ(
      Rendered(Parent("+vl", 2, {"", Bytes<int32_t>({3, 0}), Bytes<int32_t>({2, 4})}, {items})),
      "[4, 5]|[1, 2, 3, 4]");
  EXPECT_EQ(Rendered(Parent("+w:2", 2, {""}, {items})), "[1, 2]|[3, 4]");
}

TEST(ArrowReader, ReadsTextViews) {
  Hand views = Fixed("vu", 2, Bytes<int32_t>({3, 0, 0, 0, 14, 0, 0, 1}));
  std::memcpy(views.buffers[1].data() + 4, "abc", 3);
  views.buffers.push_back("?fourteen bytes!");
  views.buffers.push_back(Bytes<int64_t>({16}));
  EXPECT_EQ(Rendered(views), "abc|fourteen bytes");
  views.buffers[3] = Bytes<int64_t>({14});
  EXPECT_THAT(Rendered(views), HasSubstr("outside its buffer"));
}

TEST(ArrowReader, AppliesOffsetsAtEveryLevel) {
  Hand numbers = Fixed("i", 8, Bytes<int32_t>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  numbers.offset = 2;
  Hand inner = Parent("+s", 7, {""}, {numbers});
  inner.name = "i";
  inner.offset = 1;
  Hand outer = Parent("+s", 3, {""}, {inner});
  outer.offset = 2;
  // Row 0: outer 2, inner 2 + 1 = 3, number 3 + 2 = 5.
  EXPECT_EQ(Rendered(outer), "{'i': {'c': 5}}|{'i': {'c': 6}}|{'i': {'c': 7}}");
  Hand list = Parent("+l", 1, {"", Bytes<int32_t>({0, 1, 3})}, {inner});
  list.offset = 1;
  EXPECT_EQ(Rendered(list), "[{'c': 4}, {'c': 5}]");
}

TEST(ArrowReader, ReadsNullsWithUnknownNullCounts) {
  Hand numbers = Validity(Fixed("i", 3, Bytes<int32_t>({9, 1, 2, 3})), "\x0a");
  numbers.offset = 1;
  EXPECT_EQ(Rendered(numbers), "1|NULL|3");
  Hand indices = Validity(Fixed("c", 3, Bytes<int8_t>({1, 99, 0})), "\x05");
  indices.dictionary = {Text("u", 2, Bytes<int32_t>({0, 1, 2}), "xy")};
  EXPECT_EQ(Rendered(indices), "y|NULL|x");
  Hand list = Parent("+l", 2, {"", Bytes<int32_t>({1, 2, 3})}, {indices});
  EXPECT_EQ(Rendered(list), "[NULL]|[x]");
}

TEST(ArrowReader, ReadsOfALargeDictionaryWhatItsRowsName) {
  Hand indices = Validity(Fixed("l", 4, Bytes<int64_t>({4000, 1, 0, 4001})), "\x0b");
  std::vector<int32_t> values(5000);
  for (int32_t i = 0; i < 5000; ++i) values[static_cast<size_t>(i)] = i * 10;
  Hand numbers = Fixed("i", 5000, std::string(reinterpret_cast<const char*>(values.data()), 20000));
  indices.dictionary = {numbers};
  EXPECT_EQ(Rendered(indices), "40000|10|NULL|40010");
  Hand nulls = Parent("n", int64_t{1} << 40, {}, {});
  indices.dictionary = {nulls};
  EXPECT_EQ(Rendered(indices), "NULL|NULL|NULL|NULL");
}

TEST(ArrowReader, ReadsRunsUnionsAndMaps) {
  Hand runs = Parent(
      "+r", 4, {}, {Fixed("i", 2, Bytes<int32_t>({3, 6})), Fixed("l", 2, Bytes<int64_t>({7, 8}))});
  runs.offset = 1;
  EXPECT_EQ(Rendered(runs), "7|7|8|8");
  Hand text = Text("u", 2, Bytes<int32_t>({0, 1, 2}), "xy");
  text.name = "t";
  Hand sparse =
      Parent("+us:5,2", 2, {Bytes<int8_t>({2, 5})}, {Fixed("i", 2, Bytes<int32_t>({1, 2})), text});
  EXPECT_EQ(Rendered(sparse), "x|2");
  Hand dense = Parent("+ud:5,2", 3, {Bytes<int8_t>({2, 5, 2}), Bytes<int32_t>({1, 0, 0})},
                      {Fixed("i", 1, Bytes<int32_t>({4})), text});
  EXPECT_EQ(Rendered(dense), "y|4|x");
  Hand nulls =
      Parent("+us:0,1", 2, {Bytes<int8_t>({0, 1})},
             {Validity(Fixed("i", 2, Bytes<int32_t>({1, 2})), std::string(1, '\0')), text});
  EXPECT_EQ(Rendered(nulls), "NULL|y");
  Hand keys = Text("u", 2, Bytes<int32_t>({0, 1, 2}), "kl");
  Hand entries = Parent("+s", 2, {""}, {keys, Fixed("i", 2, Bytes<int32_t>({1, 2}))});
  EXPECT_EQ(Rendered(Parent("+m", 1, {"", Bytes<int32_t>({0, 2})}, {entries})), "{k=1, l=2}");
}

TEST(ArrowReader, ScalesTimesExactlyOrRefuses) {
  EXPECT_EQ(Rendered(Fixed("tsn:UTC", 1, Bytes<int64_t>({1'500'000}))),
            "1970-01-01 00:00:00.0015+00");
  EXPECT_THAT(Rendered(Fixed("tsn:UTC", 1, Bytes<int64_t>({1'500'001}))), HasSubstr("finer"));
  EXPECT_THAT(Rendered(Fixed("tss:UTC", 1, Bytes<int64_t>({INT64_MAX}))),
              HasSubstr("out of range"));
  EXPECT_EQ(Rendered(Fixed("tts", 1, Bytes<int32_t>({61}))), "00:01:01");
  EXPECT_THAT(Rendered(Fixed("tts", 1, Bytes<int32_t>({86401}))), HasSubstr("within a day"));
  EXPECT_EQ(Rendered(Fixed("tdm", 1, Bytes<int64_t>({86'400'000}))), "1970-01-02");
  EXPECT_THAT(Rendered(Fixed("tdm", 1, Bytes<int64_t>({1}))), HasSubstr("whole day"));
  EXPECT_EQ(Rendered(Fixed("tDs", 1, Bytes<int64_t>({3}))), "00:00:03");
  EXPECT_EQ(Rendered(Fixed("e", 3, Bytes<uint16_t>({0x3c00, 0x0001, 0xfc00}))),
            "1.0|5.9604645e-08|-inf");
  EXPECT_EQ(Rendered(Fixed("d:4,1,256", 1, Bytes<int64_t>({-15, -1, -1, -1}))), "-1.5");
  EXPECT_EQ(Rendered(Fixed("d:4,1", 1, Bytes<int64_t>({15, 0}))), "1.5");
  EXPECT_THAT(Rendered(Fixed("d:4,1", 1, Bytes<int64_t>({10000, 0}))), HasSubstr("digits"));
}

struct Lie {
  const char* name;
  Hand column;
  const char* message;
};

std::vector<Lie> Lies() {
  std::string offsets = Bytes<int32_t>({0, 1, 2});
  Hand numbers = Fixed("i", 2, Bytes<int32_t>({1, 2}));
  auto with = [](Hand hand, auto change) {
    change(hand);
    return hand;
  };
  Hand dictionary = Fixed("c", 2, Bytes<int8_t>({0, 1}));
  dictionary.dictionary = {Text("u", 2, offsets, "ab")};
  return {
      {"negative length", with(numbers, [](Hand& h) { h.length = -1; }), "does not fit"},
      {"negative offset", with(numbers, [](Hand& h) { h.offset = -1; }), "out of range"},
      {"huge offset", with(numbers, [](Hand& h) { h.offset = INT64_MAX; }), "out of range"},
      {"null count", with(numbers, [](Hand& h) { h.null_count = -2; }), "out of range"},
      {"no data",
       with(numbers,
            [](Hand& h) {
              h.missing = {true, true};
            }),
       "buffer is missing"},
      {"few buffers", with(numbers, [](Hand& h) { h.buffers.pop_back(); }), "buffers"},
      {"many buffers", with(numbers, [](Hand& h) { h.buffers.push_back(""); }), "buffers"},
      {"offsets down", Text("u", 2, Bytes<int32_t>({0, 2, 1}), "ab"), "offsets go down"},
      {"offsets negative", Text("u", 2, Bytes<int32_t>({-1, 0, 1}), "ab"), "offsets go down"},
      {"no text",
       with(Text("u", 2, offsets, "ab"),
            [](Hand& h) {
              h.missing = {true, false, true};
            }),
       "buffer is missing"},
      {"not UTF-8", Text("u", 2, offsets, "a\xff"), "UTF-8"},
      {"view length", Fixed("vu", 1, Bytes<int32_t>({-1, 0, 0, 0})), "buffers"},
      {"short child", Parent("+s", 2, {""}, {Fixed("i", 1, Bytes<int32_t>({1}))}), "are needed"},
      {"short array child", Parent("+w:2", 2, {""}, {numbers}), "are needed"},
      {"list beyond", Parent("+l", 2, {"", Bytes<int32_t>({0, 1, 3})}, {numbers}), "beyond"},
      {"view beyond", Parent("+vl", 1, {"", Bytes<int32_t>({1}), Bytes<int32_t>({2})}, {numbers}),
       "beyond"},
      {"view negative",
       Parent("+vl", 1, {"", Bytes<int32_t>({-1}), Bytes<int32_t>({1})}, {numbers}), "negative"},
      {"type id", Parent("+us:0", 1, {Bytes<int8_t>({1})}, {numbers}), "type id"},
      {"negative type id", Parent("+us:0", 1, {Bytes<int8_t>({-1})}, {numbers}), "type id"},
      {"dense offset", Parent("+ud:0", 1, {Bytes<int8_t>({0}), Bytes<int32_t>({2})}, {numbers}),
       "beyond its member"},
      {"runs end early", Parent("+r", 3, {}, {Fixed("i", 1, Bytes<int32_t>({2})), numbers}),
       "differ in number"},
      {"runs too short", Parent("+r", 3, {}, {Fixed("i", 2, Bytes<int32_t>({1, 2})), numbers}),
       "end before"},
      {"index",
       with(dictionary,
            [](Hand& h) {
              h.buffers[1] = Bytes<int8_t>({0, 2});
            }),
       "outside the dictionary"},
      {"negative index",
       with(dictionary,
            [](Hand& h) {
              h.buffers[1] = Bytes<int8_t>({0, -1});
            }),
       "outside the dictionary"},
      {"empty dictionary", with(dictionary, [](Hand& h) { h.dictionary[0].length = 0; }),
       "outside the dictionary"},
      {"NULL where none may be", with(Validity(numbers, "\x01"), [](Hand& h) { h.flags = 0; }),
       "says it has none"},
      {"duplicate keys",
       Parent("+m", 1, {"", Bytes<int32_t>({0, 2})},
              {Parent("+s", 2, {""}, {Fixed("i", 2, Bytes<int32_t>({1, 1})), numbers})}),
       "same key twice"},
  };
}

TEST(ArrowReader, SeesThroughLies) {
  for (const auto& lie : Lies()) {
    HandStream hand({lie.column});
    auto stream = hand.Get();
    auto reader = ArrowReader::Open(nullptr, &stream);
    Error error(ErrorCode::kIo, "accepted");
    if (!reader) {
      error = reader.error();
    } else {
      duckdb::DataChunk chunk;
      auto more = (*reader)->Next(&chunk);
      ASSERT_FALSE(more) << lie.name << ": " << chunk.ToString();
      error = more.error();
      reader = InvalidArgument("closed");
    }
    EXPECT_TRUE(error.code() == ErrorCode::kInvalidArgument || error.code() == ErrorCode::kSchema)
        << lie.name;
    EXPECT_THAT(error.message(), HasSubstr(lie.message)) << lie.name;
    EXPECT_EQ(hand.streams_released, 1) << lie.name;
    EXPECT_EQ(hand.arrays_released, 1) << lie.name;
  }
}

TEST(ArrowReader, RefusesTypesByColumnAndFormat) {
  for (const char* format :
       {"", "q", "d:39,0", "d:5", "d:5,6", "d:5,2,100", "tsx:", "ts", "tDx", "w:", "w:-1", "+w:0",
        "+w:x", "+s", "+x", "+us:1,1", "+us:200", "+r"}) {
    HandStream hand({Fixed(format, 1, std::string(64, '\0'))});
    auto stream = hand.Get();
    auto reader = ArrowReader::Open(nullptr, &stream);
    ASSERT_FALSE(reader) << format;
    EXPECT_EQ(reader.error().code(), ErrorCode::kSchema) << format;
    EXPECT_EQ(reader.error().field("column"), "c") << format;
    EXPECT_EQ(reader.error().field("format"), format);
    EXPECT_EQ(hand.streams_released, 1);
  }
}

TEST(ArrowReader, RefusesTypesNestedTooDeep) {
  Hand hand = Fixed("i", 0, "");
  for (int i = 0; i < 100; ++i) hand = Parent("+s", 0, {""}, {hand});
  EXPECT_THAT(Rendered(hand), HasSubstr("64 deep"));
}

TEST(ArrowReader, RefusesTheSameColumnTwice) {
  HandStream hand({Fixed("i", 1, Bytes<int32_t>({1})), Fixed("i", 1, Bytes<int32_t>({1}))});
  auto stream = hand.Get();
  EXPECT_FALSE(ArrowReader::Open(nullptr, &stream));
}

TEST(ArrowReader, PassesOnWhyTheStreamFailed) {
  HandStream hand({Fixed("i", 1, Bytes<int32_t>({1}))});
  hand.fail_with = EIO;
  auto stream = hand.Get();
  auto reader = ArrowReader::Open(nullptr, &stream);
  ASSERT_TRUE(reader);
  duckdb::DataChunk chunk;
  ASSERT_TRUE((*reader)->Next(&chunk));
  for (int i = 0; i < 2; ++i) {
    auto more = (*reader)->Next(&chunk);
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(more.error().message(), HasSubstr("the disk fell over"));
  }
  EXPECT_EQ(hand.batches_given, 2) << "a failed stream is not asked again";
}

TEST(ArrowReader, ReleasesBatchesWithTheLastVectorThatPointsIntoThem) {
  HandStream hand({Text("u", 1, Bytes<int32_t>({0, 20}), "twenty bytes of text")});
  auto stream = hand.Get();
  auto reader = ArrowReader::Open(nullptr, &stream);
  ASSERT_TRUE(reader);
  duckdb::DataChunk chunk;
  ASSERT_TRUE(*(*reader)->Next(&chunk));
  duckdb::Vector kept(duckdb::LogicalType::VARCHAR);
  kept.Reference(chunk.data[0]);
  chunk.Destroy();
  duckdb::DataChunk end;
  ASSERT_FALSE(*(*reader)->Next(&end));
  reader = InvalidArgument("closed");
  EXPECT_EQ(hand.streams_released, 1);
  EXPECT_EQ(hand.arrays_released, 0);
  EXPECT_EQ(kept.GetValue(0).ToString(), "twenty bytes of text");
  kept.Reference(Value(duckdb::LogicalType::VARCHAR));
  EXPECT_EQ(hand.arrays_released, 1);
}

TEST(ArrowReader, RefusesAStreamThatWasReadBefore) {
  ArrowArrayStream stream{};
  EXPECT_EQ(ArrowReader::Open(nullptr, &stream).error().code(), ErrorCode::kInvalidArgument);
}

TEST(ArrowReader, KeepsTheDictionaryOfTheFirstBatch) {
  Hand indices = Fixed("c", 1, Bytes<int8_t>({1}));
  indices.flags |= ARROW_FLAG_DICTIONARY_ORDERED;
  indices.dictionary = {Text("u", 3, Bytes<int32_t>({0, 1, 2, 3}), "xyz")};
  HandStream hand({indices});
  auto stream = hand.Get();
  auto reader = ArrowReader::Open(nullptr, &stream);
  ASSERT_TRUE(reader);
  const auto& field = (*reader)->schema().fields[0];
  EXPECT_EQ(field.type.kind, TypeKind::kString);
  EXPECT_EQ(field.attributes.at(kArrowDictionary), "ordered");
  EXPECT_EQ(UnpackDictionary(field.attributes.at(kArrowDictionaryValues)),
            (std::vector<std::string>{"x", "y", "z"}));
}

}  // namespace
}  // namespace rhizo::engine
