#include "db/file_names.h"

#include <charconv>
#include <cstring>

#include "db/file_format.h"

namespace rhizo::db {
namespace {

[[noreturn]] void Refuse() {
  throw duckdb::PermissionException("only the files of this import or export can be opened");
}

// Hands every call on to the local file system, with the real path.
class NamedFileSystem final : public duckdb::FileSystem {
 public:
  explicit NamedFileSystem(std::vector<NamedFile> files)
      : files_(std::move(files)), local_(duckdb::FileSystem::CreateLocal()) {}

  std::string GetName() const override { return "RhizoFiles"; }
  bool CanHandleFile(const std::string& path) override { return path.starts_with(kFileScheme); }
  bool CanSeek() override { return true; }

  duckdb::unique_ptr<duckdb::FileHandle> OpenFile(
      const std::string& path, duckdb::FileOpenFlags flags,
      duckdb::optional_ptr<duckdb::FileOpener>) override {
    return local_->OpenFile(Real(path), flags);
  }
  bool FileExists(const std::string& path, duckdb::optional_ptr<duckdb::FileOpener>) override {
    return local_->FileExists(Real(path));
  }
  bool DirectoryExists(const std::string&, duckdb::optional_ptr<duckdb::FileOpener>) override {
    return false;
  }
  bool IsPipe(const std::string& path, duckdb::optional_ptr<duckdb::FileOpener>) override {
    return local_->IsPipe(Real(path));
  }
  // Of a COPY that failed; whoever made the file removes it.
  void RemoveFile(const std::string&, duckdb::optional_ptr<duckdb::FileOpener>) override {}
  bool TryRemoveFile(const std::string&, duckdb::optional_ptr<duckdb::FileOpener>) override {
    return true;
  }
  duckdb::vector<duckdb::OpenFileInfo> Glob(const std::string& path, duckdb::FileOpener*) override {
    return {duckdb::OpenFileInfo(path)};
  }

 private:
  const std::string& Real(const std::string& path) const {
    size_t number = files_.size();
    const char* digits = path.data() + std::strlen(kFileScheme);
    std::from_chars(digits, path.data() + path.size(), number);
    if (number >= files_.size()) Refuse();
    return files_[number].path;
  }

  const std::vector<NamedFile> files_;
  const duckdb::unique_ptr<duckdb::FileSystem> local_;
};

}  // namespace

std::string VirtualName(size_t number, const NamedFile& file) {
  return kFileScheme + std::to_string(number) + ".file" + CompressionSuffix(file.shown);
}

duckdb::unique_ptr<duckdb::FileSystem> MakeNamedFileSystem(std::vector<NamedFile> files) {
  return duckdb::make_uniq<NamedFileSystem>(std::move(files));
}

}  // namespace rhizo::db
