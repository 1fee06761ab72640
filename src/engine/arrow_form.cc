#include "engine/arrow_form.h"

#include <cstring>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "engine/arrow_column.h"

namespace rhizo::engine {
namespace {

using model::Field;
using model::TypeKind;
using Metadata = std::map<std::string, std::string>;

std::string Attribute(const Field& field, const char* name, std::string otherwise = "") {
  auto found = field.attributes.find(name);
  return found == field.attributes.end() ? std::move(otherwise) : found->second;
}

std::string UnionFormat(const model::Type& type) {
  std::string format = "+us:";
  for (size_t i = 0; i < type.children.size(); ++i) {
    format += (i == 0 ? "" : ",") + std::to_string(i);
  }
  return format;
}

std::string ValueFormat(const Field& field) {
  const model::Type& type = field.type;
  switch (type.kind) {
    case TypeKind::kBoolean: return "b";
    case TypeKind::kInt8: return "c";
    case TypeKind::kInt16: return "s";
    case TypeKind::kInt32: return "i";
    case TypeKind::kInt64: return "l";
    case TypeKind::kUInt8: return "C";
    case TypeKind::kUInt16: return "S";
    case TypeKind::kUInt32: return "I";
    case TypeKind::kUInt64: return "L";
    case TypeKind::kInt128:
    case TypeKind::kUInt128: return "d:38,0";
    case TypeKind::kFloat32: return "f";
    case TypeKind::kFloat64: return "g";
    case TypeKind::kDecimal:
      return "d:" + std::to_string(type.precision) + "," + std::to_string(type.scale);
    case TypeKind::kString:
    case TypeKind::kEnum:
    case TypeKind::kJson: return "u";
    case TypeKind::kBlob:
    case TypeKind::kBit: return "z";
    case TypeKind::kUuid: return "w:16";
    case TypeKind::kDate: return "tdD";
    case TypeKind::kTime: return "ttu";
    case TypeKind::kTimeNs: return "ttn";
    case TypeKind::kTimeTz: return "w:8";
    case TypeKind::kTimestampS: return "tss:";
    case TypeKind::kTimestampMs: return "tsm:";
    case TypeKind::kTimestampUs: return "tsu:";
    case TypeKind::kTimestampNs: return "tsn:";
    case TypeKind::kTimestampTz:
      return "ts" + Attribute(field, kArrowUnit, "u") + ":" +
             Attribute(field, kArrowTimeZone, "UTC");
    case TypeKind::kInterval: {
      std::string unit = Attribute(field, kArrowDuration);
      return unit.empty() ? "tin" : "tD" + unit;
    }
    case TypeKind::kList: return "+l";
    case TypeKind::kArray: return "+w:" + std::to_string(type.array_size);
    case TypeKind::kStruct: return "+s";
    case TypeKind::kMap: return "+m";
    case TypeKind::kUnion: return UnionFormat(type);
  }
  return "";
}

void SetExtension(const std::string& name, const std::string& details, Metadata* metadata) {
  (*metadata)["ARROW:extension:name"] = name;
  (*metadata)["ARROW:extension:metadata"] = details;
}

std::string Opaque(const char* type) {
  return std::string(R"({"type_name":")") + type + R"(","vendor_name":"DuckDB"})";
}

Metadata FieldMetadata(const Field& field) {
  Metadata metadata;
  switch (field.type.kind) {
    case TypeKind::kInt128: metadata[kRhizoType] = "HUGEINT"; break;
    case TypeKind::kUInt128: metadata[kRhizoType] = "UHUGEINT"; break;
    case TypeKind::kJson: SetExtension("arrow.json", "", &metadata); break;
    case TypeKind::kUuid: SetExtension("arrow.uuid", "", &metadata); break;
    case TypeKind::kBit: SetExtension("arrow.opaque", Opaque("bit"), &metadata); break;
    case TypeKind::kTimeTz: SetExtension("arrow.opaque", Opaque("time_tz"), &metadata); break;
    default: break;
  }
  std::string name = Attribute(field, kArrowExtension);
  if (!name.empty()) SetExtension(name, Attribute(field, kArrowExtensionMetadata), &metadata);
  return metadata;
}

std::string PackMetadata(const Metadata& metadata) {
  if (metadata.empty()) return {};
  std::string out;
  auto put_size = [&out](size_t size) {
    auto value = static_cast<int32_t>(size);
    out.append(reinterpret_cast<const char*>(&value), sizeof(value));
  };
  put_size(metadata.size());
  for (const auto& [key, value] : metadata) {
    put_size(key.size());
    out += key;
    put_size(value.size());
    out += value;
  }
  return out;
}

// What an ArrowSchema of ours points to.
struct SchemaHolder {
  std::string format;
  std::string name;
  std::string metadata;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;
  ArrowSchema dictionary{};
};

void ReleaseSchema(ArrowSchema* schema) {
  auto* holder = static_cast<SchemaHolder*>(schema->private_data);
  for (auto& child : holder->children) {
    if (child.release != nullptr) child.release(&child);
  }
  if (holder->dictionary.release != nullptr) holder->dictionary.release(&holder->dictionary);
  schema->release = nullptr;
  delete holder;
}

void Publish(std::unique_ptr<SchemaHolder> holder, int64_t flags, ArrowSchema* out) {
  for (auto& child : holder->children) holder->pointers.push_back(&child);
  *out = ArrowSchema{};
  out->format = holder->format.c_str();
  out->name = holder->name.c_str();
  out->metadata = holder->metadata.empty() ? nullptr : holder->metadata.c_str();
  out->flags = flags;
  out->n_children = static_cast<int64_t>(holder->children.size());
  out->children = holder->pointers.empty() ? nullptr : holder->pointers.data();
  out->dictionary = holder->dictionary.release == nullptr ? nullptr : &holder->dictionary;
  out->release = ReleaseSchema;
  out->private_data = holder.release();
}

void MakeField(const Field& field, ArrowSchema* out);

void MakeChildren(const std::vector<Field>& fields, SchemaHolder* holder) {
  holder->children.resize(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) MakeField(fields[i], &holder->children[i]);
}

// A map has one child, the struct of its entries, which is never NULL.
void MakeEntries(const Field& map, ArrowSchema* out) {
  auto holder = std::make_unique<SchemaHolder>();
  holder->format = "+s";
  holder->name = "entries";
  MakeChildren(map.type.children, holder.get());
  Publish(std::move(holder), 0, out);
}

void MakeDictionary(const Field& field, ArrowSchema* out) {
  auto holder = std::make_unique<SchemaHolder>();
  holder->format = ValueFormat(field);
  holder->metadata = PackMetadata(FieldMetadata(field));
  Publish(std::move(holder), ARROW_FLAG_NULLABLE, out);
}

void MakeField(const Field& field, ArrowSchema* out) {
  auto holder = std::make_unique<SchemaHolder>();
  holder->format = ArrowFormat(field);
  holder->name = field.name;
  int64_t flags = field.nullable ? ARROW_FLAG_NULLABLE : 0;
  if (IsDictionary(field)) {
    MakeDictionary(field, &holder->dictionary);
    if (Attribute(field, kArrowDictionary) == "ordered") flags |= ARROW_FLAG_DICTIONARY_ORDERED;
  } else {
    holder->metadata = PackMetadata(FieldMetadata(field));
  }
  if (field.type.kind == TypeKind::kMap) {
    holder->children.resize(1);
    MakeEntries(field, &holder->children[0]);
  } else {
    MakeChildren(field.type.children, holder.get());
  }
  Publish(std::move(holder), flags, out);
}

// Types whose values may stand in a dictionary: as they lie in memory.
bool CanBeInDictionary(const Field& field) {
  switch (field.type.kind) {
    case TypeKind::kInt8:
    case TypeKind::kInt16:
    case TypeKind::kInt32:
    case TypeKind::kInt64:
    case TypeKind::kUInt8:
    case TypeKind::kUInt16:
    case TypeKind::kUInt32:
    case TypeKind::kUInt64:
    case TypeKind::kFloat32:
    case TypeKind::kFloat64:
    case TypeKind::kString:
    case TypeKind::kBlob:
    case TypeKind::kDate:
    case TypeKind::kTime:
    case TypeKind::kTimestampS:
    case TypeKind::kTimestampMs:
    case TypeKind::kTimestampUs:
    case TypeKind::kTimestampNs: return true;
    case TypeKind::kTimestampTz: return field.attributes.count(kArrowUnit) == 0;
    default: return false;
  }
}

}  // namespace

bool IsDictionary(const Field& field) {
  if (field.type.kind == TypeKind::kEnum) return true;
  return field.attributes.count(kArrowDictionary) > 0 && CanBeInDictionary(field);
}

std::string ArrowFormat(const Field& field) {
  return IsDictionary(field) ? "i" : ValueFormat(field);
}

void MakeArrowSchema(const model::Schema& schema, ArrowSchema* out) {
  auto holder = std::make_unique<SchemaHolder>();
  holder->format = "+s";
  Metadata metadata;
  auto pandas = schema.attributes.find(kPandas);
  if (pandas != schema.attributes.end()) metadata[kPandas] = pandas->second;
  holder->metadata = PackMetadata(metadata);
  MakeChildren(schema.fields, holder.get());
  Publish(std::move(holder), 0, out);
}

}  // namespace rhizo::engine
