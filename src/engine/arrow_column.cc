#include "engine/arrow_column.h"

#include <charconv>
#include <cstring>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "base/coding.h"
#include "engine/arrow_form.h"
#include "engine/types.h"

namespace rhizo::engine {
namespace {

using model::TypeKind;
using Metadata = std::map<std::string, std::string>;

constexpr int kMaxDepth = 64;
constexpr int64_t kDaySeconds = 86'400;
constexpr char kExtensionName[] = "ARROW:extension:name";
constexpr char kExtensionMetadata[] = "ARROW:extension:metadata";

Error CannotStore(const ArrowColumn& column, const std::string& why) {
  return Error(ErrorCode::kSchema, "column \"" + column.path + "\" (Arrow format \"" +
                                       column.format + "\") cannot be stored: " + why)
      .With("column", column.path)
      .With("format", column.format);
}

int32_t LoadInt32(const char* bytes) {
  int32_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

// int32 count, then key and value, each int32 length and bytes. Its size is not given: only a
// producer that lies about lengths in it can make us read beyond.
Metadata ReadMetadata(const char* bytes) {
  Metadata metadata;
  if (bytes == nullptr) return metadata;
  auto take = [&bytes]() {
    int32_t size = std::max(LoadInt32(bytes), 0);
    std::string text(bytes + 4, static_cast<size_t>(size));
    bytes += 4 + size;
    return text;
  };
  int32_t count = LoadInt32(bytes);
  bytes += 4;
  for (int32_t i = 0; i < count; ++i) {
    std::string key = take();
    metadata[key] = take();
  }
  return metadata;
}

std::optional<int64_t> Number(std::string_view text) {
  int64_t value = 0;
  auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size() || text.empty()) return {};
  return value;
}

std::vector<std::string_view> Split(std::string_view text) {
  std::vector<std::string_view> parts;
  while (true) {
    size_t comma = text.find(',');
    parts.push_back(text.substr(0, comma));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

// Units: how many there are in a second.
std::optional<int64_t> PerSecond(char unit) {
  switch (unit) {
    case 's': return 1;
    case 'm': return 1'000;
    case 'u': return 1'000'000;
    case 'n': return 1'000'000'000;
    default: return std::nullopt;
  }
}

// Makes the column carry `kind` in microseconds, from `unit`.
Status ScaleToMicros(char unit, ArrowColumn* column) {
  auto per_second = PerSecond(unit);
  if (!per_second) return CannotStore(*column, "unknown unit");
  column->factor = std::max<int64_t>(1'000'000 / *per_second, 1);
  column->divisor = std::max<int64_t>(*per_second / 1'000'000, 1);
  if (unit != 'u') column->field.attributes[kArrowUnit] = std::string(1, unit);
  return {};
}

void Set(ArrowColumn* column, TypeKind kind, ArrowLayout layout, size_t width = 0) {
  column->field.type = OfKind(kind);
  column->layout = layout;
  column->width = width;
}

struct Plain {
  const char* format;
  TypeKind kind;
  ArrowLayout layout;
  size_t width;
};

constexpr Plain kPlain[] = {
    {"n", TypeKind::kString, ArrowLayout::kNull, 0},
    {"b", TypeKind::kBoolean, ArrowLayout::kBoolean, 0},
    {"c", TypeKind::kInt8, ArrowLayout::kCopy, 1},
    {"s", TypeKind::kInt16, ArrowLayout::kCopy, 2},
    {"i", TypeKind::kInt32, ArrowLayout::kCopy, 4},
    {"l", TypeKind::kInt64, ArrowLayout::kCopy, 8},
    {"C", TypeKind::kUInt8, ArrowLayout::kCopy, 1},
    {"S", TypeKind::kUInt16, ArrowLayout::kCopy, 2},
    {"I", TypeKind::kUInt32, ArrowLayout::kCopy, 4},
    {"L", TypeKind::kUInt64, ArrowLayout::kCopy, 8},
    {"e", TypeKind::kFloat32, ArrowLayout::kHalf, 2},
    {"f", TypeKind::kFloat32, ArrowLayout::kCopy, 4},
    {"g", TypeKind::kFloat64, ArrowLayout::kCopy, 8},
    {"z", TypeKind::kBlob, ArrowLayout::kBytes, 0},
    {"Z", TypeKind::kBlob, ArrowLayout::kBytes, 0},
    {"vz", TypeKind::kBlob, ArrowLayout::kViews, 16},
    {"u", TypeKind::kString, ArrowLayout::kBytes, 0},
    {"U", TypeKind::kString, ArrowLayout::kBytes, 0},
    {"vu", TypeKind::kString, ArrowLayout::kViews, 16},
    {"tdD", TypeKind::kDate, ArrowLayout::kCopy, 4},
    {"tdm", TypeKind::kDate, ArrowLayout::kDate64, 8},
    {"tiM", TypeKind::kInterval, ArrowLayout::kMonths, 4},
    {"tiD", TypeKind::kInterval, ArrowLayout::kDayTime, 8},
    {"tin", TypeKind::kInterval, ArrowLayout::kMonthDayNano, 16},
};

bool ReadPlain(ArrowColumn* column) {
  for (const auto& plain : kPlain) {
    if (column->format != plain.format) continue;
    Set(column, plain.kind, plain.layout, plain.width);
    column->wide = column->format == "Z" || column->format == "U";
    column->text = plain.kind == TypeKind::kString;
    if (plain.layout == ArrowLayout::kNull) column->field.attributes[kArrowNull] = "true";
    return true;
  }
  return false;
}

// "d:precision,scale[,bits]"
Status ReadDecimal(ArrowColumn* column) {
  std::string_view text(column->format);
  if (!text.starts_with("d:")) return CannotStore(*column, "not a decimal");
  auto parts = Split(text.substr(2));
  if (parts.size() == 2) parts.push_back("128");
  if (parts.size() != 3) return CannotStore(*column, "not a decimal");
  int64_t precision = Number(parts[0]).value_or(-1);
  int64_t scale = Number(parts[1]).value_or(-1);
  int64_t bits = Number(parts[2]).value_or(-1);
  if (bits != 32 && bits != 64 && bits != 128 && bits != 256) {
    return CannotStore(*column, "decimals have 32, 64, 128 or 256 bits");
  }
  if (precision < 1 || precision > 38 || scale < 0 || scale > precision) {
    return CannotStore(*column, "decimals have 1 to 38 digits, none of them before the first");
  }
  Set(column, TypeKind::kDecimal, ArrowLayout::kDecimal, static_cast<size_t>(bits) / 8);
  column->field.type = DecimalOf(static_cast<uint8_t>(precision), static_cast<uint8_t>(scale));
  return {};
}

// "tss:zone", "tsm:", ...
Status ReadTimestamp(ArrowColumn* column) {
  const std::string& format = column->format;
  if (format.size() < 4 || format[3] != ':' || !PerSecond(format[2])) {
    return CannotStore(*column, "not a timestamp");
  }
  std::string zone = format.substr(4);
  if (!zone.empty()) {
    Set(column, TypeKind::kTimestampTz, ArrowLayout::kScaled, 8);
    column->field.attributes[kArrowTimeZone] = zone;
    return ScaleToMicros(format[2], column);
  }
  switch (format[2]) {
    case 's': Set(column, TypeKind::kTimestampS, ArrowLayout::kCopy, 8); break;
    case 'm': Set(column, TypeKind::kTimestampMs, ArrowLayout::kCopy, 8); break;
    case 'u': Set(column, TypeKind::kTimestampUs, ArrowLayout::kCopy, 8); break;
    default: Set(column, TypeKind::kTimestampNs, ArrowLayout::kCopy, 8);
  }
  return {};
}

// "tts", "ttm" (32 bits), "ttu", "ttn" (64 bits)
Status ReadTimeOfDay(ArrowColumn* column) {
  auto per_second = column->format.size() == 3 ? PerSecond(column->format[2]) : std::nullopt;
  if (!per_second) return CannotStore(*column, "not a time");
  char unit = column->format[2];
  column->limit = kDaySeconds * *per_second;
  if (unit == 'n') {
    Set(column, TypeKind::kTimeNs, ArrowLayout::kScaled, 8);
    return {};
  }
  Set(column, TypeKind::kTime, ArrowLayout::kScaled, unit == 'u' ? 8 : 4);
  return ScaleToMicros(unit, column);
}

// "tDs", "tDm", "tDu", "tDn"
Status ReadDuration(ArrowColumn* column) {
  if (column->format.size() != 3) return CannotStore(*column, "not a duration");
  Set(column, TypeKind::kInterval, ArrowLayout::kDuration, 8);
  RETURN_IF_ERROR(ScaleToMicros(column->format[2], column));
  column->field.attributes.erase(kArrowUnit);
  column->field.attributes[kArrowDuration] = column->format.substr(2);
  return {};
}

Status ReadFixedBytes(ArrowColumn* column) {
  std::string_view text(column->format);
  auto size = text.size() > 2 && text[1] == ':' ? Number(text.substr(2)) : std::nullopt;
  if (!size || *size < 0 || *size > INT32_MAX) return CannotStore(*column, "not a size");
  Set(column, TypeKind::kBlob, ArrowLayout::kFixedBytes);
  column->size = static_cast<uint64_t>(*size);
  return {};
}

Result<ArrowColumn> Read(const ArrowSchema& schema, const std::string& path, int depth);

Status ReadChildren(const ArrowSchema& schema, int64_t expected, int depth, ArrowColumn* column) {
  if (schema.n_children < 0 || (expected >= 0 && schema.n_children != expected) ||
      (schema.n_children > 0 && schema.children == nullptr)) {
    return CannotStore(*column, "wrong number of children");
  }
  for (int64_t i = 0; i < schema.n_children; ++i) {
    if (schema.children[i] == nullptr) return CannotStore(*column, "a child is missing");
    const ArrowSchema& child = *schema.children[i];
    std::string name = child.name == nullptr ? "" : child.name;
    ASSIGN_OR_RETURN(auto read, Read(child, column->path + "." + name, depth + 1));
    column->children.push_back(std::move(read));
  }
  return {};
}

// Whether nested values may be NULL is not ours to check: all may (but keys of maps).
void TakeFields(ArrowColumn* column) {
  for (auto& child : column->children) {
    child.field.nullable = true;
    column->field.type.children.push_back(child.field);
  }
}

Status ReadList(const ArrowSchema& schema, ArrowLayout layout, int depth, ArrowColumn* column) {
  Set(column, TypeKind::kList, layout);
  column->wide = column->format.back() == 'L';
  RETURN_IF_ERROR(ReadChildren(schema, 1, depth, column));
  column->children[0].field.name = "element";
  TakeFields(column);
  return {};
}

Status ReadFixedList(const ArrowSchema& schema, int depth, ArrowColumn* column) {
  std::string_view text(column->format);
  auto size = text.size() > 3 && text[2] == ':' ? Number(text.substr(3)) : std::nullopt;
  if (!size || *size < 1 || *size > static_cast<int64_t>(duckdb::ArrayType::MAX_ARRAY_SIZE)) {
    return CannotStore(*column, "fixed size lists have 1 to 100000 elements");
  }
  Set(column, TypeKind::kArray, ArrowLayout::kFixedList);
  column->size = static_cast<uint64_t>(*size);
  column->field.type.array_size = static_cast<uint32_t>(*size);
  RETURN_IF_ERROR(ReadChildren(schema, 1, depth, column));
  column->children[0].field.name = "element";
  TakeFields(column);
  return {};
}

Status ReadStruct(const ArrowSchema& schema, int depth, ArrowColumn* column) {
  Set(column, TypeKind::kStruct, ArrowLayout::kStruct);
  RETURN_IF_ERROR(ReadChildren(schema, -1, depth, column));
  if (column->children.empty()) return CannotStore(*column, "a struct needs a field");
  TakeFields(column);
  return {};
}

Status ReadMap(const ArrowSchema& schema, int depth, ArrowColumn* column) {
  Set(column, TypeKind::kMap, ArrowLayout::kMap);
  RETURN_IF_ERROR(ReadChildren(schema, 1, depth, column));
  ArrowColumn& entries = column->children[0];
  if (entries.layout != ArrowLayout::kStruct || entries.children.size() != 2) {
    return CannotStore(*column, "a map holds structs of key and value");
  }
  entries.children[0].field.name = "key";
  entries.children[1].field.name = "value";
  column->field.type.children = {entries.children[0].field, entries.children[1].field};
  column->field.type.children[0].nullable = false;
  return {};
}

// "+us:0,5,7": the type id of each member.
Status ReadUnion(const ArrowSchema& schema, int depth, ArrowColumn* column) {
  std::string_view text(column->format);
  if (text.size() < 4 || text[3] != ':' || (text[2] != 's' && text[2] != 'd')) {
    return CannotStore(*column, "not a union");
  }
  Set(column, TypeKind::kUnion,
      text[2] == 's' ? ArrowLayout::kSparseUnion : ArrowLayout::kDenseUnion);
  auto ids = Split(text.substr(4));
  RETURN_IF_ERROR(ReadChildren(schema, static_cast<int64_t>(ids.size()), depth, column));
  column->member_of.fill(-1);
  for (size_t i = 0; i < ids.size(); ++i) {
    auto id = Number(ids[i]);
    if (!id || *id < 0 || *id > 127) return CannotStore(*column, "type ids are 0 to 127");
    column->member_of[static_cast<size_t>(*id)] = static_cast<int16_t>(i);
  }
  TakeFields(column);
  return {};
}

// The values' type; that they came in runs is not kept.
Status ReadRunEnds(const ArrowSchema& schema, int depth, ArrowColumn* column) {
  RETURN_IF_ERROR(ReadChildren(schema, 2, depth, column));
  const std::string& ends = column->children[0].format;
  if (ends != "s" && ends != "i" && ends != "l") {
    return CannotStore(*column, "run ends are signed integers");
  }
  column->layout = ArrowLayout::kRunEnds;
  column->field.type = column->children[1].field.type;
  column->field.attributes = column->children[1].field.attributes;
  return {};
}

Status ReadNested(const ArrowSchema& schema, int depth, ArrowColumn* column) {
  const std::string& format = column->format;
  if (format == "+l" || format == "+L") {
    return ReadList(schema, ArrowLayout::kList, depth, column);
  }
  if (format == "+vl" || format == "+vL") {
    return ReadList(schema, ArrowLayout::kListView, depth, column);
  }
  if (format.starts_with("+w")) return ReadFixedList(schema, depth, column);
  if (format == "+s") return ReadStruct(schema, depth, column);
  if (format == "+m") return ReadMap(schema, depth, column);
  if (format.starts_with("+u")) return ReadUnion(schema, depth, column);
  if (format == "+r") return ReadRunEnds(schema, depth, column);
  return CannotStore(*column, "there is no such nested type");
}

Status ReadFormat(const ArrowSchema& schema, int depth, ArrowColumn* column) {
  const std::string& format = column->format;
  if (format.starts_with("+")) return ReadNested(schema, depth, column);
  if (ReadPlain(column)) return {};
  if (format.starts_with("d")) return ReadDecimal(column);
  if (format.starts_with("ts")) return ReadTimestamp(column);
  if (format.starts_with("tt")) return ReadTimeOfDay(column);
  if (format.starts_with("tD")) return ReadDuration(column);
  if (format.starts_with("w")) return ReadFixedBytes(column);
  return CannotStore(*column, "there is no such type");
}

// What a canonical extension means here, and DuckDB's own ones ("arrow.opaque").
std::optional<Plain> KnownExtension(const std::string& name, const std::string& metadata) {
  if (name == "arrow.uuid") return Plain{"w:16", TypeKind::kUuid, ArrowLayout::kUuid, 16};
  if (name == "arrow.bool8") return Plain{"c", TypeKind::kBoolean, ArrowLayout::kByteBoolean, 1};
  if (name != "arrow.opaque" || metadata.find("DuckDB") == std::string::npos) return {};
  auto is = [&](const char* type) {
    return metadata.find("\"" + std::string(type) + "\"") != std::string::npos;
  };
  if (is("hugeint")) return Plain{"w:16", TypeKind::kInt128, ArrowLayout::kCopy, 16};
  if (is("uhugeint")) return Plain{"w:16", TypeKind::kUInt128, ArrowLayout::kCopy, 16};
  if (is("time_tz")) return Plain{"w:8", TypeKind::kTimeTz, ArrowLayout::kCopy, 8};
  return std::nullopt;
}

bool IsDuckDbBit(const std::string& name, const std::string& metadata) {
  return name == "arrow.opaque" && metadata.find("DuckDB") != std::string::npos &&
         metadata.find("\"bit\"") != std::string::npos;
}

// DECIMAL(38, 0) that is one of our 128-bit integers.
void ReadOwnType(const Metadata& metadata, ArrowColumn* column) {
  auto name = metadata.find(kRhizoType);
  bool fits = column->layout == ArrowLayout::kDecimal && column->field.type.precision == 38 &&
              column->field.type.scale == 0;
  if (name == metadata.end() || !fits) return;
  bool is_signed = name->second == "HUGEINT";
  if (!is_signed && name->second != "UHUGEINT") return;
  column->field.type = OfKind(is_signed ? TypeKind::kInt128 : TypeKind::kUInt128);
}

void ReadExtension(const Metadata& metadata, ArrowColumn* column) {
  auto name = metadata.find(kExtensionName);
  if (name == metadata.end()) return;
  auto details = metadata.find(kExtensionMetadata);
  std::string extra = details == metadata.end() ? "" : details->second;
  auto known = KnownExtension(name->second, extra);
  if (known && column->format == known->format) {
    return Set(column, known->kind, known->layout, known->width);
  }
  if (name->second == "arrow.json" && column->text) {
    column->field.type = OfKind(TypeKind::kJson);
    return;
  }
  if (IsDuckDbBit(name->second, extra) && column->field.type.kind == TypeKind::kBlob) {
    column->field.type = OfKind(TypeKind::kBit);
    return;
  }
  column->field.attributes[kArrowExtension] = name->second;
  if (!extra.empty()) column->field.attributes[kArrowExtensionMetadata] = extra;
}

Status ReadDictionary(const ArrowSchema& schema, int depth, ArrowColumn* column) {
  bool is_index = column->layout == ArrowLayout::kCopy && column->format.size() == 1 &&
                  std::strchr("csilCSIL", column->format[0]) != nullptr;
  if (!is_index) return CannotStore(*column, "the indices of a dictionary are integers");
  ASSIGN_OR_RETURN(auto values, Read(*schema.dictionary, column->path, depth + 1));
  column->field.type = values.field.type;
  column->field.attributes = values.field.attributes;
  bool ordered = (schema.flags & ARROW_FLAG_DICTIONARY_ORDERED) != 0;
  column->field.attributes[kArrowDictionary] = ordered ? "ordered" : "unordered";
  column->dictionary = std::make_unique<ArrowColumn>(std::move(values));
  return {};
}

Result<ArrowColumn> Read(const ArrowSchema& schema, const std::string& path, int depth) {
  ArrowColumn column;
  column.path = path;
  column.format = schema.format == nullptr ? "" : schema.format;
  column.field.name = schema.name == nullptr ? "" : schema.name;
  column.field.nullable = (schema.flags & ARROW_FLAG_NULLABLE) != 0;
  if (depth > kMaxDepth) return CannotStore(column, "types nest at most 64 deep");
  RETURN_IF_ERROR(ReadFormat(schema, depth, &column));
  auto metadata = ReadMetadata(schema.metadata);
  ReadOwnType(metadata, &column);
  ReadExtension(metadata, &column);
  if (schema.dictionary != nullptr) RETURN_IF_ERROR(ReadDictionary(schema, depth, &column));
  return column;
}

}  // namespace

Result<ArrowColumn> ReadArrowColumn(const ArrowSchema& schema) {
  return Read(schema, schema.name == nullptr ? "" : schema.name, 1);
}

Result<std::vector<ArrowColumn>> ReadArrowColumns(const ArrowSchema& schema,
                                                  model::Attributes* attributes) {
  if (schema.format == nullptr || std::string_view(schema.format) != "+s" ||
      schema.n_children < 0 || (schema.n_children > 0 && schema.children == nullptr)) {
    return InvalidArgument("an Arrow stream of record batches is needed (format \"+s\")");
  }
  auto metadata = ReadMetadata(schema.metadata);
  auto pandas = metadata.find(kPandas);
  if (pandas != metadata.end()) (*attributes)[kPandas] = pandas->second;
  std::vector<ArrowColumn> columns;
  for (int64_t i = 0; i < schema.n_children; ++i) {
    if (schema.children[i] == nullptr) return InvalidArgument("the Arrow schema lacks a child");
    ASSIGN_OR_RETURN(auto column, ReadArrowColumn(*schema.children[i]));
    columns.push_back(std::move(column));
  }
  return columns;
}

std::string PackDictionary(const std::vector<std::string>& values) {
  Encoder encoder;
  encoder.Varint(values.size());
  for (const auto& value : values) encoder.String(value);
  return std::move(encoder).Take();
}

std::vector<std::string> UnpackDictionary(std::string_view packed) {
  Decoder decoder(packed);
  std::vector<std::string> values;
  for (uint64_t left = decoder.Count(); left > 0; --left) values.emplace_back(decoder.String());
  if (!decoder.Finish("dictionary")) values.clear();
  return values;
}

}  // namespace rhizo::engine
