#include "txn/repository.h"

#include <algorithm>

#include "io/fork_guard.h"
#include "io/network_file_system.h"
#include "io/path.h"
#include "io/posix_file_system.h"
#include "meta/memory_meta_store.h"
#include "meta/sqlite_meta_store.h"
#include "object/directory_object_store.h"
#include "object/memory_object_store.h"
#include "txn/committer.h"

namespace rhizo::txn {
namespace {

constexpr size_t kOpenTables = 256;
constexpr size_t kCachedCommits = 65'536;
constexpr char kMetaFile[] = "rhizo.db";

Error NotADatabase(const std::string& path, const std::string& why) {
  return InvalidArgument("open: \"" + io::ShortPath(path) + "\" is not a Rhizo database: " + why);
}

// What keeps a pin: releasing it unpins.
class PinHold {
 public:
  explicit PinHold(std::function<void()> release) : release_(std::move(release)) {}
  ~PinHold() { release_(); }
  PinHold(const PinHold&) = delete;
  PinHold& operator=(const PinHold&) = delete;

 private:
  std::function<void()> release_;
};

meta::Publication FirstPublication(const TxnId& txn, const CommitId& id, const std::string& bytes,
                                   Timestamp time) {
  meta::Publication first;
  first.txn = txn;
  first.commit = id;
  first.time = time;
  first.objects.push_back({model::AsObjectId(id), bytes});
  first.moves.push_back({kMainBranch, meta::RefKind::kBranch, std::nullopt, id, "init"});
  return first;
}

Status PublishRoot(meta::MetaStore& meta, const Collaborators& collaborators,
                   std::chrono::milliseconds timeout) {
  Timestamp now = collaborators.clock->Now();
  auto bytes = model::Encode(model::RootCommit(collaborators.random->DrawId<DatabaseId>(), now));
  auto id = model::CommitIdOf(bytes);
  auto first = FirstPublication(collaborators.random->DrawId<TxnId>(), id, bytes, now);
  ASSIGN_OR_RETURN(auto session, meta.BeginWrite(timeout));
  RETURN_IF_ERROR(session->Publish(first));
  return session->Commit();
}

Status RemoveIfThere(io::FileSystem& files, const std::string& path) {
  Status removed = files.Remove(path);
  if (!removed && removed.error().code() == ErrorCode::kObjectNotFound) return {};
  return removed;
}

// Objects without rhizo.db are a database that lost it, not a place for a new one.
Status CheckNoObjects(const std::string& path, const Collaborators& collaborators) {
  object::DirectoryObjectStore store(collaborators.file_system, path, collaborators.random);
  bool is_empty = true;
  RETURN_IF_ERROR(store.List([&](const ObjectId&, uint64_t) { return is_empty = false; }));
  if (is_empty) return {};
  return Corruption("open: \"" + io::ShortPath(path) +
                    "\" holds objects of a database, but its rhizo.db is gone");
}

// rhizo.db is made in tmp/ and gets its name when it is whole and durable: what has the name is a
// database, or was one. Under the creation lock.
Status MakeMeta(const std::string& path, const Collaborators& collaborators,
                std::chrono::milliseconds timeout) {
  RETURN_IF_ERROR(CheckNoObjects(path, collaborators));
  auto& files = *collaborators.file_system;
  const std::string folder = io::JoinPath(path, "tmp");
  const std::string made = io::JoinPath(folder, kMetaFile);
  for (const char* ending : {"", "-wal", "-shm"}) {
    RETURN_IF_ERROR(RemoveIfThere(files, made + ending));
  }
  auto options = collaborators.meta;
  options.lock_path = io::JoinPath(io::JoinPath(path, "lock"), "write");
  {
    ASSIGN_OR_RETURN(auto meta, meta::SqliteMetaStore::Create(folder, options));
    RETURN_IF_ERROR(PublishRoot(*meta, collaborators, timeout));
    RETURN_IF_ERROR(meta->Checkpoint());
  }
  for (const char* ending : {"-wal", "-shm"}) {
    RETURN_IF_ERROR(RemoveIfThere(files, made + ending));
  }
  return files.RenameWithoutReplacing(made, io::JoinPath(path, kMetaFile));
}

// False if somebody else made the database meanwhile: who waits for the lock may wait for those who
// use it already.
Result<bool> LockForMaking(io::LockFile& lock, const std::string& path, io::FileSystem& files,
                           std::chrono::milliseconds timeout) {
  constexpr std::chrono::milliseconds kStep{50};
  for (auto waited = std::chrono::milliseconds(0);; waited += kStep) {
    Status locked = lock.Lock(io::LockKind::kExclusive, kStep);
    if (files.Stat(io::JoinPath(path, kMetaFile))) return false;
    if (locked) return true;
    if (locked.error().code() != ErrorCode::kBusy || waited >= timeout)
      return std::move(locked).error();
  }
}

}  // namespace

Collaborators Collaborators::System() {
  return {std::make_shared<io::PosixFileSystem>(),
          std::make_shared<SystemClock>(),
          std::make_shared<SystemRandom>(),
          {}};
}

Result<bool> Repository::Exists(const std::string& path, io::FileSystem& file_system) {
  auto info = file_system.Stat(path);
  if (!info) {
    if (info.error().code() == ErrorCode::kObjectNotFound) return false;
    return std::move(info).error();
  }
  if (!info->is_directory) return NotADatabase(path, "it is a file, not a directory");
  if (file_system.Stat(io::JoinPath(path, kMetaFile))) return true;
  ASSIGN_OR_RETURN(auto names, file_system.List(path));
  // What an interrupted creation leaves behind may be taken up again.
  for (const auto& name : names) {
    if (name != "objects" && name != "tmp" && name != "lock" && name != "pins" &&
        !name.starts_with("rhizo.db")) {
      return NotADatabase(path, "it holds other files (\"" + name + "\")");
    }
  }
  return false;
}

Status Repository::Initialise(const std::string& path, const RepositoryOptions& options,
                              const Collaborators& collaborators) {
  auto& files = *collaborators.file_system;
  auto make = [&](const std::string& directory) -> Status {
    Status made = files.CreateDirectory(directory);
    if (!made && files.Stat(directory)) return {};
    return made;
  };
  RETURN_IF_ERROR(make(path));
  for (const char* folder : {"lock", "pins"}) RETURN_IF_ERROR(make(io::JoinPath(path, folder)));
  RETURN_IF_ERROR(object::DirectoryObjectStore::CreateLayout(files, path));
  for (const char* name : {"write", "gc"}) {
    RETURN_IF_ERROR(io::LockFile::Open(io::JoinPath(io::JoinPath(path, "lock"), name),
                                       io::LockAccess::kReadWrite));
  }
  RETURN_IF_ERROR(files.SyncDirectory(io::JoinPath(path, "lock")));
  ASSIGN_OR_RETURN(auto creation, io::LockFile::Open(io::JoinPath(io::JoinPath(path, "lock"), "gc"),
                                                     io::LockAccess::kReadWrite));
  ASSIGN_OR_RETURN(bool is_mine, LockForMaking(*creation, path, files, options.busy_timeout));
  if (is_mine) RETURN_IF_ERROR(MakeMeta(path, collaborators, options.busy_timeout));
  RETURN_IF_ERROR(files.SyncDirectory(path));
  return files.SyncDirectory(io::ParentPath(path));
}

Result<std::unique_ptr<meta::MetaStore>> Repository::OpenMeta(const std::string& path,
                                                              const RepositoryOptions& options,
                                                              const Collaborators& collaborators) {
  meta::SqliteMetaOptions meta_options = collaborators.meta;
  meta_options.read_only = options.read_only;
  meta_options.sync = options.durability == Durability::kFull;
  auto meta = meta::SqliteMetaStore::Open(path, meta_options);
  if (!meta && meta.error().code() == ErrorCode::kObjectNotFound) {
    return Corruption("open: rhizo.db is there, but no database is in it");
  }
  if (!meta) return std::move(meta).error();
  return std::unique_ptr<meta::MetaStore>(std::move(*meta));
}

Result<std::shared_ptr<Repository>> Repository::Open(const std::string& path,
                                                     const RepositoryOptions& options,
                                                     Collaborators collaborators) {
  ASSIGN_OR_RETURN(bool exists, Exists(path, *collaborators.file_system));
  if (exists && options.create == CreateMode::kNew) {
    return Error(ErrorCode::kAlreadyExists,
                 "open: there is a database in \"" + io::ShortPath(path) + "\" already");
  }
  if (!exists && (options.create == CreateMode::kNever || options.read_only)) {
    return NotADatabase(path, "there is no rhizo.db in it");
  }
  if (!exists) {
    auto parent = collaborators.file_system->Stat(io::ParentPath(path));
    bool is_missing = !parent && parent.error().code() == ErrorCode::kObjectNotFound;
    if (is_missing) {
      return InvalidArgument("open: there is no directory \"" +
                             io::ShortPath(io::ParentPath(path)) +
                             "\" in which a database could be made");
    }
  }
  if (!options.read_only) {
    ASSIGN_OR_RETURN(bool network, io::IsNetworkFileSystem(exists ? path : io::ParentPath(path)));
    if (network) {
      return Unsupported("open: \"" + io::ShortPath(path) +
                         "\" lies on a network file system, whose locks and flushes cannot be "
                         "trusted with the only copy "
                         "of data; it can be opened with read_only=True");
    }
  }
  if (!exists) RETURN_IF_ERROR(Initialise(path, options, collaborators));
  Stores stores;
  ASSIGN_OR_RETURN(stores.meta, OpenMeta(path, options, collaborators));
  stores.large = std::make_unique<object::DirectoryObjectStore>(
      collaborators.file_system, path, collaborators.random,
      options.durability == Durability::kFull);
  ASSIGN_OR_RETURN(stores.meta_file,
                   collaborators.file_system->Stat(io::JoinPath(path, kMetaFile)));
  return std::shared_ptr<Repository>(
      new Repository(path, options, std::move(collaborators), std::move(stores)));
}

Result<std::shared_ptr<Repository>> Repository::OpenInMemory(Collaborators collaborators) {
  Stores stores;
  stores.meta = std::make_unique<meta::MemoryMetaStore>();
  stores.large = std::make_unique<object::MemoryObjectStore>();
  RETURN_IF_ERROR(PublishRoot(*stores.meta, collaborators, std::chrono::milliseconds(1000)));
  return std::shared_ptr<Repository>(
      new Repository("", {}, std::move(collaborators), std::move(stores)));
}

Repository::Repository(std::string path, RepositoryOptions options, Collaborators collaborators,
                       Stores stores)
    : path_(std::move(path)),
      options_(options),
      collaborators_(std::move(collaborators)),
      fork_generation_(io::ForkGeneration()),
      meta_file_(stores.meta_file),
      meta_(std::move(stores.meta)),
      large_(std::move(stores.large)),
      cache_(std::make_shared<object::ObjectCache>(
          [this](const ObjectId& id) { return LoadSmall(id); }, options_.object_cache_bytes)),
      columns_(options_.column_cache_bytes),
      tables_(std::make_shared<TableOpener>(
          table::ReadContext{cache_.get(), large_.get(), &columns_}, kOpenTables)),
      ancestry_([this](const CommitId& id) { return ReadCommit(id); }),
      committer_(std::make_unique<Committer>(this)) {}

Repository::~Repository() = default;

Result<std::string> Repository::LoadSmall(const ObjectId& id) {
  if (has_unpublished_.load(std::memory_order_acquire)) {
    std::shared_lock lock(unpublished_mutex_);
    auto found = unpublished_.find(id);
    if (found != unpublished_.end()) return *found->second;
  }
  auto stored = meta_->GetObject(id);
  if (stored || stored.error().code() != ErrorCode::kObjectNotFound) return stored;
  auto large = large_->Get(id);
  if (large || large.error().code() != ErrorCode::kObjectNotFound) return large;
  return Corruption("object " + id.Short() + " is missing").With("object", id.ToString());
}

void Repository::ShowUnpublished(const ObjectId& id, object::ObjectBytes bytes) {
  std::unique_lock lock(unpublished_mutex_);
  unpublished_[id] = std::move(bytes);
  has_unpublished_.store(true, std::memory_order_release);
}

void Repository::ForgetUnpublished() {
  std::unique_lock lock(unpublished_mutex_);
  unpublished_.clear();
  has_unpublished_.store(false, std::memory_order_release);
}

Status Repository::CheckUsable() const {
  if (fork_generation_ == io::ForkGeneration()) return {};
  return Error(ErrorCode::kClosed,
               "this database was opened before fork(); open it again in the child process");
}

Status Repository::CheckWritable() const {
  RETURN_IF_ERROR(CheckUsable());
  if (!options_.read_only) return {};
  return Error(ErrorCode::kReadOnly, "the database was opened for reading only");
}

Status Repository::CheckInPlace() const {
  if (path_.empty()) return {};
  auto now = collaborators_.file_system->Stat(io::JoinPath(path_, kMetaFile));
  if (!now && now.error().code() != ErrorCode::kObjectNotFound) return std::move(now).error();
  if (now && now->device == meta_file_.device && now->inode == meta_file_.inode) return {};
  return Error(ErrorCode::kIo, "\"" + io::ShortPath(path_) +
                                   "\" was removed, moved or replaced while it was open; open it "
                                   "again");
}

Result<std::shared_ptr<const model::Commit>> Repository::ReadCommit(const CommitId& id) {
  {
    std::lock_guard lock(commits_mutex_);
    auto found = commits_.find(id);
    if (found != commits_.end()) return found->second;
  }
  ASSIGN_OR_RETURN(auto bytes, cache_->Read(model::AsObjectId(id)));
  ASSIGN_OR_RETURN(auto decoded, model::DecodeCommit(*bytes));
  auto commit = std::make_shared<const model::Commit>(std::move(decoded));
  std::lock_guard lock(commits_mutex_);
  if (commits_.size() >= kCachedCommits) commits_.clear();
  commits_.emplace(id, commit);
  return commit;
}

Result<std::shared_ptr<const View>> Repository::ViewOf(const CommitId& id) {
  RETURN_IF_ERROR(CheckUsable());
  ASSIGN_OR_RETURN(auto commit, ReadCommit(id));
  ASSIGN_OR_RETURN(auto pin, Pin(id));
  return std::make_shared<const View>(id, commit->time, commit->state_root, tables_, names_,
                                      std::move(pin));
}

Result<std::shared_ptr<const void>> Repository::HoldObjects() {
  if (path_.empty()) return std::shared_ptr<const void>(shared_from_this());
  std::lock_guard lock(hold_mutex_);
  if (auto held = hold_.lock()) return held;
  if (!gc_lock_) {
    auto access = options_.read_only ? io::LockAccess::kReadOnly : io::LockAccess::kReadWrite;
    ASSIGN_OR_RETURN(gc_lock_,
                     io::LockFile::Open(io::JoinPath(io::JoinPath(path_, "lock"), "gc"), access));
  }
  RETURN_IF_ERROR(gc_lock_->Lock(io::LockKind::kShared, options_.busy_timeout));
  std::shared_ptr<const void> held = std::make_shared<PinHold>([self = shared_from_this()] {
    std::lock_guard lock(self->hold_mutex_);
    if (self->hold_.expired()) self->gc_lock_->Unlock();
  });
  hold_ = held;
  return held;
}

// One line per pin file: the commits this process still reads. Where no pin can be made (a
// directory that cannot be written), the gc lock is held shared instead.
Result<std::shared_ptr<const void>> Repository::Pin(const CommitId& commit) {
  if (path_.empty()) return std::shared_ptr<const void>(shared_from_this());
  if (options_.read_only) return HoldObjects();
  std::lock_guard lock(pin_mutex_);
  if (++pinned_[commit] == 1) {
    if (auto status = WritePins(); !status) {
      pinned_.erase(commit);
      return std::move(status).error();
    }
  }
  return std::shared_ptr<const void>(std::make_shared<PinHold>([self = shared_from_this(), commit] {
    std::lock_guard lock(self->pin_mutex_);
    if (--self->pinned_[commit] == 0) self->pinned_.erase(commit);
  }));
}

// Unpinning is not written at once: a pin that names too much only keeps objects a little longer.
Status Repository::WritePins() {
  std::string line;
  for (const auto& [commit, count] : pinned_) line += (line.empty() ? "" : " ") + commit.ToString();
  if (pin_file_) return pin_file_->Replace(line);
  // Gone if somebody swept an "empty" folder, or copied without it.
  Status made = collaborators_.file_system->CreateDirectory(io::JoinPath(path_, "pins"));
  if (!made && made.error().code() != ErrorCode::kAlreadyExists) return made;
  ASSIGN_OR_RETURN(pin_file_,
                   io::PinFile::Create(io::JoinPath(path_, "pins"), line, *collaborators_.random));
  return {};
}

Status Repository::SettleUnsynced() {
  if (options_.durability == Durability::kNone) return {};
  ASSIGN_OR_RETURN(bool unsynced, meta_->HasUnsynced());
  if (!unsynced) return {};
  return large_->SyncAll();
}

Status Repository::Flush() {
  RETURN_IF_ERROR(CheckWritable());
  RETURN_IF_ERROR(large_->SyncAll());
  return meta_->Flush();
}

}  // namespace rhizo::txn
