// A directory for targets that read files, one per process, in memory where there is such a file
// system. Removed when the process ends by itself.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/check.h"

namespace rhizo::fuzz {

class ScratchFiles {
 public:
  static const ScratchFiles& OfProcess() {
    static const ScratchFiles files;
    return files;
  }

  const std::string& directory() const { return directory_; }
  std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  void Write(const std::string& name, std::string_view bytes) const {
    std::ofstream out(Path(name), std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    CHECK(out.good());
  }

 private:
  ScratchFiles() {
    const bool fast = access("/dev/shm", W_OK) == 0;
    directory_ = (fast ? "/dev/shm" : std::filesystem::temp_directory_path().string()) +
                 "/rhizo-fuzz-XXXXXX";
    CHECK(mkdtemp(directory_.data()) != nullptr);
  }
  ~ScratchFiles() {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  std::string directory_;
};

}  // namespace rhizo::fuzz
