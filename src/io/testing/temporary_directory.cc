#include "io/testing/temporary_directory.h"

#include <cstdlib>
#include <filesystem>

#include "base/check.h"

namespace rhizo::io {

TemporaryDirectory::TemporaryDirectory()
    : path_(std::filesystem::temp_directory_path() / "rhizo-test-XXXXXX") {
  CHECK(mkdtemp(path_.data()) != nullptr);
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace rhizo::io
