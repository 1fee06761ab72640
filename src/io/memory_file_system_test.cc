#include "io/testing/memory_file_system.h"

#include "io/testing/file_system_contract.h"

namespace rhizo::io {
namespace {

struct MemoryFixture {
  MemoryFixture() { CHECK(memory.CreateDirectory("/deep").has_value()); }
  FileSystem& fs() { return memory; }
  std::string Path(const std::string& name) { return "/deep/" + name; }
  MemoryFileSystem memory;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, FileSystemContract, MemoryFixture);

}  // namespace
}  // namespace rhizo::io
