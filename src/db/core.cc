#include "db/core.h"

#include <pwd.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <thread>

#include "io/fork_guard.h"
#include "io/path.h"

namespace rhizo::db {
namespace {

// Of this process (and not of the one it was forked from), by canonical path.
struct Registry {
  std::mutex mutex;
  uint64_t fork_generation = 0;
  std::map<std::string, std::weak_ptr<Core>> open;
};

Registry& OpenDatabases() {
  static auto* registry = new Registry();
  return *registry;
}

std::string Canonical(const std::string& path) {
  char resolved[PATH_MAX];
  if (realpath(path.c_str(), resolved) != nullptr) return resolved;
  if (realpath(io::ParentPath(path).c_str(), resolved) == nullptr) return path;
  auto slash = path.find_last_not_of('/');
  auto trimmed = path.substr(0, slash == path.npos ? 0 : slash + 1);
  return io::JoinPath(resolved, trimmed.substr(trimmed.find_last_of('/') + 1));
}

std::string LoginName() {
  passwd entry{};
  passwd* found = nullptr;
  char buffer[4096];
  if (getpwuid_r(geteuid(), &entry, buffer, sizeof(buffer), &found) != 0 || found == nullptr)
    return "";
  return found->pw_name;
}

// What all handles on one directory share must be equal; branch, author and create mode are each
// one's own.
bool SameInstance(const OpenOptions& a, const OpenOptions& b) {
  return a.read_only == b.read_only && a.durability == b.durability &&
         a.memory_limit_bytes == b.memory_limit_bytes && a.threads == b.threads &&
         a.temp_directory == b.temp_directory && a.verify_integrity == b.verify_integrity;
}

uint64_t MachineMemory() {
  return static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) *
         static_cast<uint64_t>(sysconf(_SC_PAGE_SIZE));
}

txn::RepositoryOptions ForRepository(const OpenOptions& options) {
  txn::RepositoryOptions result;
  result.create = options.create;
  result.read_only = options.read_only;
  result.durability = options.durability;
  result.busy_timeout = options.busy_timeout;
  uint64_t limit =
      options.memory_limit_bytes != 0 ? options.memory_limit_bytes : MachineMemory() / 5 * 4;
  result.column_cache_bytes = limit / 3;
  result.object_cache_bytes = std::min<uint64_t>(64ull << 20, limit / 8);
  return result;
}

engine::InstanceOptions ForEngine(const OpenOptions& options) {
  engine::InstanceOptions result;
  result.memory_limit_bytes = options.memory_limit_bytes;
  result.threads = static_cast<int>(options.threads);
  result.temp_directory = options.temp_directory;
  return result;
}

Status CheckOptions(const std::string& path, const OpenOptions& options) {
  if (path.empty() || path.find('\0') != path.npos)
    return InvalidArgument("open: the path is empty or holds a zero byte");
  std::error_code ignored;
  if (!options.temp_directory.empty() &&
      !std::filesystem::is_directory(options.temp_directory, ignored)) {
    return InvalidArgument("open: temp_directory \"" + options.temp_directory +
                           "\" is no directory");
  }
  if (options.threads > 1024) return InvalidArgument("open: threads must be at most 1024");
  constexpr uint64_t kLeastMemory = 64ull << 20;
  if (options.memory_limit_bytes != 0 && options.memory_limit_bytes < kLeastMemory) {
    return InvalidArgument("open: memory_limit must be at least 64 MiB");
  }
  return {};
}

// Before it is made: a call that fails makes nothing.
Status CheckBranchOfNew(const std::string& path, const OpenOptions& options) {
  if (options.branch.empty() || options.branch == txn::kMainBranch) return {};
  ASSIGN_OR_RETURN(bool exists,
                   txn::Repository::Exists(path, *txn::Collaborators::System().file_system));
  if (exists) return {};
  return Error(ErrorCode::kBranchNotFound,
               "there is no branch \"" + options.branch + "\": a new database has only \"main\"")
      .With("branch", options.branch);
}

}  // namespace

Result<std::shared_ptr<Core>> Core::Open(const std::string& path, const OpenOptions& options) {
  RETURN_IF_ERROR(CheckOptions(path, options));
  auto& registry = OpenDatabases();
  std::lock_guard lock(registry.mutex);
  if (registry.fork_generation != io::ForkGeneration()) {
    registry.open.clear();
    registry.fork_generation = io::ForkGeneration();
  }
  std::string canonical = Canonical(path);
  auto shared = registry.open[canonical].lock();
  if (shared && shared->repository().CheckInPlace()) {
    if (options.create == CreateMode::kNew) {
      return Error(ErrorCode::kAlreadyExists,
                   "open: there is a database in \"" + io::ShortPath(path) + "\" already");
    }
    if (SameInstance(shared->options(), options)) return shared;
    return InvalidArgument(
        "open: \"" + io::ShortPath(path) +
        "\" is open in this process already with other options (read_only, durability, "
        "memory_limit, "
        "threads, temp_directory and verify_integrity are shared by all handles)");
  }
  RETURN_IF_ERROR(CheckBranchOfNew(canonical, options));
  ASSIGN_OR_RETURN(auto repository, txn::Repository::Open(canonical, ForRepository(options)));
  OpenOptions effective = options;
  if (effective.author.empty()) effective.author = LoginName();
  auto core = std::shared_ptr<Core>(new Core(canonical, effective, std::move(repository)));
  registry.open[canonical] = core;
  return core;
}

Core::Core(std::string path, OpenOptions options, std::shared_ptr<txn::Repository> repository)
    : path_(std::move(path)),
      options_(std::move(options)),
      retry_gate_(std::make_shared<RetryGate>(io::JoinPath(path_, "lock/again"))),
      engine_(std::make_shared<sql::SharedEngine>(ForEngine(options_))),
      repository_(std::move(repository)) {
  repository_->KeepUntilEnd(engine_);
}

unsigned Core::threads() const {
  // Asking the system reads a file each time.
  static const unsigned available = std::max(1u, std::thread::hardware_concurrency());
  return options_.threads != 0 ? options_.threads : available;
}

}  // namespace rhizo::db
