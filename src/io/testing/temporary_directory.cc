#include "io/testing/temporary_directory.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "base/check.h"

namespace rhizo::io {

namespace {

std::filesystem::path Parent(Medium medium) {
  if (medium == Medium::kFast && access("/dev/shm", W_OK) == 0) return "/dev/shm";
  return std::filesystem::temp_directory_path();
}

}  // namespace

TemporaryDirectory::TemporaryDirectory(Medium medium)
    : path_(Parent(medium) / "rhizo-test-XXXXXX") {
  CHECK(mkdtemp(path_.data()) != nullptr);
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace rhizo::io
