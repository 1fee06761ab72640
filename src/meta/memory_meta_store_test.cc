#include "meta/memory_meta_store.h"

#include "meta/testing/meta_store_contract.h"

namespace rhizo::meta {
namespace {

class MemoryFixture {
 public:
  MetaStore& store() { return *store_; }
  void Reopen() {}

 private:
  std::unique_ptr<MemoryMetaStore> store_ = std::make_unique<MemoryMetaStore>();
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, MetaStoreContract, MemoryFixture);

}  // namespace
}  // namespace rhizo::meta
