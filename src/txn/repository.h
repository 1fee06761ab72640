// An open database directory: its stores, caches, locks and pins, shared by every session on it.
// Everything stored is reached through here. Layout (docs/format/README.md): rhizo.db, objects/,
// lock/, pins/, tmp/. Thread-safe. A handle used in a forked child answers kClosed.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <unordered_map>

#include "base/clock.h"
#include "base/random.h"
#include "io/file_system.h"
#include "io/lock_file.h"
#include "io/pin_file.h"
#include "meta/meta_store.h"
#include "meta/sqlite_meta_store.h"
#include "model/commit.h"
#include "object/object_cache.h"
#include "object/object_store.h"
#include "rhizo/options.h"
#include "table/column_cache.h"
#include "txn/ancestry.h"
#include "txn/name_index.h"
#include "txn/view.h"

namespace rhizo::txn {

class Committer;

inline constexpr char kMainBranch[] = "main";

struct Collaborators {
  std::shared_ptr<io::FileSystem> file_system;
  std::shared_ptr<Clock> clock;
  std::shared_ptr<RandomSource> random;
  // How rhizo.db is kept (its file system, sizes); what RepositoryOptions says too is taken from
  // there.
  meta::SqliteMetaOptions meta = {};
  static Collaborators System();
};

struct RepositoryOptions {
  CreateMode create = CreateMode::kIfMissing;
  bool read_only = false;
  Durability durability = Durability::kFull;
  std::chrono::milliseconds busy_timeout{10'000};
  uint64_t object_cache_bytes = 64ull << 20;
  uint64_t column_cache_bytes = 1ull << 30;
  friend bool operator==(const RepositoryOptions&, const RepositoryOptions&) = default;
};

class Repository : public std::enable_shared_from_this<Repository> {
 public:
  static Result<std::shared_ptr<Repository>> Open(
      const std::string& path, const RepositoryOptions& options,
      Collaborators collaborators = Collaborators::System());
  // Nothing on disk: everything ends with the object.
  static Result<std::shared_ptr<Repository>> OpenInMemory(
      Collaborators collaborators = Collaborators::System());
  // Whether `path` is a database; false: nothing is there, or an empty directory. kInvalidArgument
  // if it is something else.
  static Result<bool> Exists(const std::string& path, io::FileSystem& file_system);
  ~Repository();

  const std::string& path() const { return path_; }
  const RepositoryOptions& options() const { return options_; }
  meta::MetaStore& meta() { return *meta_; }
  object::ObjectStore& large() { return *large_; }
  // Small objects, wherever they lie, verified and cached.
  std::shared_ptr<object::ObjectReader> small() { return cache_; }
  table::ColumnCache& columns() { return columns_; }
  const std::shared_ptr<TableOpener>& tables() { return tables_; }
  const std::shared_ptr<NameIndex>& names() { return names_; }
  Ancestry& ancestry() { return ancestry_; }
  Committer& committer() { return *committer_; }
  Clock& clock() { return *collaborators_.clock; }
  RandomSource& random() { return *collaborators_.random; }

  Result<std::shared_ptr<const model::Commit>> ReadCommit(const CommitId& id);
  // The state of a commit; pinned while the view lives.
  Result<std::shared_ptr<const View>> ViewOf(const CommitId& id);

  // kReadOnly, kClosed (forked child), else OK.
  Status CheckWritable() const;
  Status CheckUsable() const;
  // kIo if the directory was removed, moved or replaced since it was opened: what were written now
  // would be found by nobody.
  Status CheckInPlace() const;
  // Held by every writer from its first object until it published: garbage collection waits.
  Result<std::shared_ptr<const void>> HoldObjects();

  // Objects of publications that this process is just committing: visible before SQLite shows them.
  void ShowUnpublished(const ObjectId& id, object::ObjectBytes bytes);
  void ForgetUnpublished();

  // Makes everything written so far durable.
  Status Flush();
  // Before whatever commits to the metadata store with durability, also what only moves refs:
  // objects that somebody wrote without it are made durable first, for that commit says that
  // everything is. Under the writer lock.
  Status SettleUnsynced();

  // `thing` dies after every cache of this object: the engine, whose memory decoded columns use.
  void KeepUntilEnd(std::shared_ptr<void> thing) { kept_ = std::move(thing); }

 private:
  struct Stores {
    std::unique_ptr<meta::MetaStore> meta;
    std::unique_ptr<object::ObjectStore> large;
    io::FileInfo meta_file;  // rhizo.db
  };
  Repository(std::string path, RepositoryOptions options, Collaborators collaborators,
             Stores stores);

  static Status Initialise(const std::string& path, const RepositoryOptions& options,
                           const Collaborators& collaborators);
  static Result<std::unique_ptr<meta::MetaStore>> OpenMeta(const std::string& path,
                                                           const RepositoryOptions& options,
                                                           const Collaborators& collaborators);
  Result<std::string> LoadSmall(const ObjectId& id);
  Result<std::shared_ptr<const void>> Pin(const CommitId& commit);
  Status WritePins();

  std::shared_ptr<void> kept_;  // first, so that it dies last
  const std::string path_;
  const RepositoryOptions options_;
  const Collaborators collaborators_;
  const uint64_t fork_generation_;
  const io::FileInfo meta_file_;
  std::unique_ptr<meta::MetaStore> meta_;
  std::unique_ptr<object::ObjectStore> large_;
  std::shared_ptr<object::ObjectCache> cache_;
  table::ColumnCache columns_;
  std::shared_ptr<TableOpener> tables_;
  std::shared_ptr<NameIndex> names_ = std::make_shared<NameIndex>();
  Ancestry ancestry_;
  std::unique_ptr<Committer> committer_;

  std::shared_mutex unpublished_mutex_;
  std::atomic<bool> has_unpublished_ = false;
  std::unordered_map<ObjectId, object::ObjectBytes> unpublished_;

  std::mutex commits_mutex_;
  std::unordered_map<CommitId, std::shared_ptr<const model::Commit>> commits_;

  std::mutex hold_mutex_;
  std::weak_ptr<const void> hold_;
  std::unique_ptr<io::LockFile> gc_lock_;

  std::mutex pin_mutex_;
  std::map<CommitId, uint64_t> pinned_;
  std::unique_ptr<io::PinFile> pin_file_;
};

}  // namespace rhizo::txn
