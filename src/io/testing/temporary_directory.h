// A fresh directory of the operating system, removed with everything in it at the end.
#pragma once

#include <string>

namespace rhizo::io {

// Where it lies: in memory (if there is such a file system), where syncs cost nothing, or on the
// disk.
enum class Medium { kFast, kDisk };

class TemporaryDirectory {
 public:
  explicit TemporaryDirectory(Medium medium = Medium::kFast);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace rhizo::io
