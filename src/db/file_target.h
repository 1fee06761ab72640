// A file on its way: written under a temporary name beside its place, put there whole or not at
// all.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace rhizo::db {

class FileTarget {
 public:
  // kAlreadyExists if something is there and may not be overwritten; kInvalidArgument for
  // directories, devices, and places inside the database in `database_path`. Creates the temporary
  // file.
  static Result<FileTarget> Create(const std::string& path, bool overwrite,
                                   const std::string& database_path);
  ~FileTarget();  // removes what was not published
  FileTarget(FileTarget&& other) noexcept;
  FileTarget& operator=(FileTarget&&) = delete;

  const std::string& temporary_path() const { return temporary_; }
  // Makes it durable and gives it its name.
  Status Publish();

 private:
  FileTarget(std::string path, std::string temporary, bool overwrite)
      : path_(std::move(path)), temporary_(std::move(temporary)), overwrite_(overwrite) {}

  std::string path_;
  std::string temporary_;  // "" once published or moved from
  bool overwrite_;
};

}  // namespace rhizo::db
