#include "support/crash_database.h"

#include <filesystem>

#include "io/path.h"

namespace rhizo::tests {

CrashPlace::CrashPlace() : path_(directory_.Path("db")) {
  for (const char* folder : {"lock", "pins"}) std::filesystem::create_directories(Path(folder));
}

std::shared_ptr<io::CrashDisk> CrashPlace::NewDisk() const {
  auto disk = std::make_shared<io::CrashDisk>();
  std::filesystem::path so_far = "/";
  for (const auto& part : std::filesystem::path(io::ParentPath(path_)).relative_path()) {
    so_far /= part;
    CHECK(disk->CreateDirectory(so_far.string()).has_value());
  }
  disk->SyncAll();
  return std::make_shared<io::CrashDisk>(disk->Image());
}

CrashDatabase::CrashDatabase(const CrashPlace& place, std::shared_ptr<io::CrashDisk> disk)
    : path_(place.path()),
      disk_(std::move(disk)),
      crashing_(std::make_shared<io::CrashFileSystem>(disk_)),
      faults_(std::make_shared<io::FaultFileSystem>(crashing_)),
      vfs_(disk_) {
  meta_options.vfs = vfs_.name();
  meta_options.page_bytes = 2048;
  meta_options.fold_rows = 6;
  meta_options.checkpoint_bytes = 60'000;
}

Result<std::shared_ptr<txn::Repository>> CrashDatabase::Open(
    const txn::RepositoryOptions& options) {
  auto collaborators = txn::Collaborators::System();
  collaborators.file_system = faults_;
  collaborators.meta = meta_options;
  return txn::Repository::Open(path_, options, std::move(collaborators));
}

}  // namespace rhizo::tests
