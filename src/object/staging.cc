#include "object/staging.h"

#include "base/blake3.h"

namespace rhizo::object {

ObjectId Staging::Add(std::string bytes) {
  ObjectId id = ObjectIdOf(bytes);
  std::lock_guard lock(mutex_);
  auto [slot, added] = staged_.try_emplace(id);
  if (added) slot->second = std::make_shared<const std::string>(std::move(bytes));
  return id;
}

Result<ObjectBytes> Staging::Read(const ObjectId& id) {
  if (auto found = Find(id)) return found;
  return stored_->Read(id);
}

ObjectBytes Staging::Find(const ObjectId& id) const {
  std::lock_guard lock(mutex_);
  auto found = staged_.find(id);
  return found == staged_.end() ? nullptr : found->second;
}

void Staging::Clear() {
  std::lock_guard lock(mutex_);
  staged_.clear();
}

}  // namespace rhizo::object
