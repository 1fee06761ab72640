#include "arrow_memory.h"

#include <cstring>

namespace rhizo::python {
namespace {

int32_t ReadInt32(const char* bytes) {
  int32_t value = 0;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

// Arrow's metadata: count, then per pair length, key, length, value; int32 in native order.
size_t MetadataSize(const char* metadata) {
  size_t at = 4;
  for (int32_t strings = 2 * ReadInt32(metadata); strings > 0; --strings) {
    at += 4 + static_cast<size_t>(ReadInt32(metadata + at));
  }
  return at;
}

struct SchemaData {
  std::string format;
  std::string name;
  std::string metadata;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> child_pointers;
  ArrowSchema dictionary{};
};

void ReleaseSchema(ArrowSchema* schema) {
  auto* data = static_cast<SchemaData*>(schema->private_data);
  for (ArrowSchema& child : data->children) {
    if (child.release != nullptr) child.release(&child);
  }
  if (data->dictionary.release != nullptr) data->dictionary.release(&data->dictionary);
  delete data;
  schema->release = nullptr;
}

// The struct whose strings and children are those of `data`, which it owns.
ArrowSchema SchemaOf(std::unique_ptr<SchemaData> data, int64_t flags) {
  for (ArrowSchema& child : data->children) data->child_pointers.push_back(&child);
  ArrowSchema out{};
  out.format = data->format.c_str();
  out.name = data->name.c_str();
  out.metadata = data->metadata.empty() ? nullptr : data->metadata.data();
  out.flags = flags;
  out.n_children = static_cast<int64_t>(data->children.size());
  out.children = data->child_pointers.empty() ? nullptr : data->child_pointers.data();
  out.dictionary = data->dictionary.release == nullptr ? nullptr : &data->dictionary;
  out.release = &ReleaseSchema;
  out.private_data = data.release();
  return out;
}

struct ArrayData {
  std::shared_ptr<const OwnedArray> owner;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> child_pointers;
  ArrowArray dictionary{};
};

void ReleaseArray(ArrowArray* array) {
  auto* data = static_cast<ArrayData*>(array->private_data);
  for (ArrowArray& child : data->children) {
    if (child.release != nullptr) child.release(&child);
  }
  if (data->dictionary.release != nullptr) data->dictionary.release(&data->dictionary);
  delete data;
  array->release = nullptr;
}

// `array`'s buffers with the children of `data`, which it owns.
ArrowArray ArrayOf(std::unique_ptr<ArrayData> data, const ArrowArray& array) {
  for (ArrowArray& child : data->children) data->child_pointers.push_back(&child);
  ArrowArray out = array;
  out.n_children = static_cast<int64_t>(data->children.size());
  out.children = data->child_pointers.empty() ? nullptr : data->child_pointers.data();
  out.dictionary = data->dictionary.release == nullptr ? nullptr : &data->dictionary;
  out.release = &ReleaseArray;
  out.private_data = data.release();
  return out;
}

ArrowArray ShareNode(const std::shared_ptr<const OwnedArray>& owner, const ArrowArray& array) {
  auto data = std::make_unique<ArrayData>();
  data->owner = owner;
  for (int64_t i = 0; i < array.n_children; ++i) {
    data->children.push_back(ShareNode(owner, *array.children[i]));
  }
  if (array.dictionary != nullptr) data->dictionary = ShareNode(owner, *array.dictionary);
  return ArrayOf(std::move(data), array);
}

}  // namespace

ArrowSchema CopySchema(const ArrowSchema& schema) {
  auto data = std::make_unique<SchemaData>();
  data->format = schema.format;
  data->name = schema.name == nullptr ? "" : schema.name;
  if (schema.metadata != nullptr)
    data->metadata.assign(schema.metadata, MetadataSize(schema.metadata));
  for (int64_t i = 0; i < schema.n_children; ++i) {
    data->children.push_back(CopySchema(*schema.children[i]));
  }
  if (schema.dictionary != nullptr) data->dictionary = CopySchema(*schema.dictionary);
  return SchemaOf(std::move(data), schema.flags);
}

ArrowArray ShareArray(const std::shared_ptr<const OwnedArray>& array) {
  return ShareNode(array, *array->get());
}

ArrowSchema PickColumns(const ArrowSchema& schema, const std::vector<size_t>& columns) {
  auto data = std::make_unique<SchemaData>();
  data->format = schema.format;
  for (size_t column : columns) data->children.push_back(CopySchema(*schema.children[column]));
  return SchemaOf(std::move(data), schema.flags);
}

ArrowArray PickColumns(const std::shared_ptr<const OwnedArray>& array,
                       const std::vector<size_t>& columns) {
  auto data = std::make_unique<ArrayData>();
  data->owner = array;
  for (size_t column : columns) {
    data->children.push_back(ShareNode(array, *array->get()->children[column]));
  }
  return ArrayOf(std::move(data), *array->get());
}

ArrowSchema MakeStructSchema(std::vector<OwnedSchema> children) {
  auto data = std::make_unique<SchemaData>();
  data->format = "+s";
  for (OwnedSchema& child : children) data->children.push_back(child.Take());
  return SchemaOf(std::move(data), 0);
}

void SetField(ArrowSchema* schema, std::string name, bool nullable) {
  auto* data = static_cast<SchemaData*>(schema->private_data);
  data->name = std::move(name);
  schema->name = data->name.c_str();
  schema->flags = nullable ? schema->flags | ARROW_FLAG_NULLABLE
                           : schema->flags & ~int64_t{ARROW_FLAG_NULLABLE};
}

std::string_view MetadataValue(const char* metadata, std::string_view key) {
  if (metadata == nullptr) return {};
  const char* at = metadata + 4;
  auto next = [&] {
    auto size = static_cast<size_t>(ReadInt32(at));
    std::string_view text(at + 4, size);
    at += 4 + size;
    return text;
  };
  for (int32_t pairs = ReadInt32(metadata); pairs > 0; --pairs) {
    std::string_view name = next();
    std::string_view value = next();
    if (name == key) return value;
  }
  return {};
}

}  // namespace rhizo::python
