// Stores immutable objects named by the BLAKE3-256 of their bytes: here the large ones (over
// kSmallObjectBytes), one file each. Implementations: directory, memory; thread-safe.
// Contract suite: object/testing/object_store_contract.h.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/id.h"
#include "base/result.h"

namespace rhizo::object {

// Up to this size an object is kept by the MetaStore, else by the ObjectStore. Where an object lies
// is no part of its identity.
inline constexpr size_t kSmallObjectBytes = 64 * 1024;

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  // Stores `bytes` under `id` (the caller computed it from them). When Put returns, the content is
  // durable but its name may not be: SyncNames() makes the names of all Puts before it durable. An
  // object that is already there is reused only after its length was checked and file and directory
  // synced.
  virtual Status Put(const ObjectId& id, std::string_view bytes) = 0;
  virtual Status SyncNames() = 0;
  // Makes everything ever Put durable, also what a store that does not sync has Put: the step from
  // durability "none" back to "full".
  virtual Status SyncAll() { return SyncNames(); }
  // The whole object, verified against its id. kObjectNotFound, or kCorruption naming the object.
  virtual Result<std::string> Get(const ObjectId& id) = 0;
  // Exactly out.size() bytes at `offset`; NOT verified (callers check chunk hashes). kCorruption if
  // the object is shorter than that.
  virtual Status ReadAt(const ObjectId& id, uint64_t offset, std::span<char> out) = 0;
  // Length in bytes; kObjectNotFound if absent.
  virtual Result<uint64_t> Size(const ObjectId& id) = 0;
  // Calls `visit` for every object in no order until it returns false.
  virtual Status List(const std::function<bool(const ObjectId&, uint64_t size_bytes)>& visit) = 0;
  // Absent objects are no error.
  virtual Status Remove(const ObjectId& id) = 0;
};

}  // namespace rhizo::object
