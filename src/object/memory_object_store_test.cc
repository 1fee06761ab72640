#include "object/memory_object_store.h"

#include "object/testing/object_store_contract.h"

namespace rhizo::object {
namespace {

struct MemoryFixture {
  ObjectStore& store() { return memory; }
  // Put trusts its caller about the id.
  void Spoil(const ObjectId& id, const std::string& bytes) {
    CHECK(memory.Put(id, bytes).has_value());
  }
  MemoryObjectStore memory;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, ObjectStoreContract, MemoryFixture);

}  // namespace
}  // namespace rhizo::object
