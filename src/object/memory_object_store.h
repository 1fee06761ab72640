// Objects in memory: for databases without a directory and for tests. Thread-safe.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "object/object_store.h"

namespace rhizo::object {

class MemoryObjectStore final : public ObjectStore {
 public:
  Status Put(const ObjectId& id, std::string_view bytes) override;
  Status SyncNames() override { return {}; }
  Result<std::string> Get(const ObjectId& id) override;
  Status ReadAt(const ObjectId& id, uint64_t offset, std::span<char> out) override;
  Result<uint64_t> Size(const ObjectId& id) override;
  Status List(const std::function<bool(const ObjectId&, uint64_t size_bytes)>& visit) override;
  Status Remove(const ObjectId& id) override;

 private:
  using Bytes = std::shared_ptr<const std::string>;
  Result<Bytes> Find(const ObjectId& id) const;

  mutable std::mutex mutex_;
  std::map<ObjectId, Bytes> objects_;
};

}  // namespace rhizo::object
