#include "object/memory_object_store.h"

#include <algorithm>

#include "base/blake3.h"
#include "object/object_error.h"

namespace rhizo::object {

Status MemoryObjectStore::Put(const ObjectId& id, std::string_view bytes) {
  auto copy = std::make_shared<const std::string>(bytes);
  std::lock_guard lock(mutex_);
  auto [slot, added] = objects_.try_emplace(id, copy);
  if (!added && *slot->second != bytes) slot->second = std::move(copy);
  return {};
}

Result<MemoryObjectStore::Bytes> MemoryObjectStore::Find(const ObjectId& id) const {
  std::lock_guard lock(mutex_);
  auto found = objects_.find(id);
  if (found == objects_.end()) return ObjectNotFound(id);
  return found->second;
}

Result<std::string> MemoryObjectStore::Get(const ObjectId& id) {
  ASSIGN_OR_RETURN(Bytes bytes, Find(id));
  if (ObjectIdOf(*bytes) != id) return ObjectDamaged(id, "its bytes are not those it was named by");
  return *bytes;
}

Status MemoryObjectStore::ReadAt(const ObjectId& id, uint64_t offset, std::span<char> out) {
  ASSIGN_OR_RETURN(Bytes bytes, Find(id));
  if (offset > bytes->size() || out.size() > bytes->size() - offset) return ObjectTooShort(id);
  std::copy_n(bytes->data() + offset, out.size(), out.begin());
  return {};
}

Result<uint64_t> MemoryObjectStore::Size(const ObjectId& id) {
  ASSIGN_OR_RETURN(Bytes bytes, Find(id));
  return uint64_t{bytes->size()};
}

Status MemoryObjectStore::List(
    const std::function<bool(const ObjectId&, uint64_t size_bytes)>& visit) {
  std::map<ObjectId, Bytes> objects;
  {
    std::lock_guard lock(mutex_);
    objects = objects_;
  }
  for (const auto& [id, bytes] : objects) {
    if (!visit(id, bytes->size())) break;
  }
  return {};
}

Status MemoryObjectStore::Remove(const ObjectId& id) {
  std::lock_guard lock(mutex_);
  objects_.erase(id);
  return {};
}

}  // namespace rhizo::object
