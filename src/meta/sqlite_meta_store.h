// MetaStore over one rhizo.db (layout: docs/format/rhizo-db.md). Holds no SQLite transaction
// between calls, waits nowhere but for the writer lock. Thread-safe. After a fork the child's copy
// answers kClosed. Write sessions must end before their store.
#pragma once

#include <atomic>
#include <memory>
#include <shared_mutex>
#include <string>

#include "io/lock_file.h"
#include "meta/connection_pool.h"
#include "meta/log_reader.h"
#include "meta/meta_store.h"
#include "meta/ref_table.h"
#include "meta/wal_tail.h"
#include "meta/writer_gate.h"

namespace rhizo::meta {

struct SqliteMetaOptions {
  bool read_only = false;
  bool sync = true;  // false: a power cut may lose commits (durability "none")
  // How long the store waits for the writer lock when it needs it by itself.
  std::chrono::milliseconds busy_timeout{5000};
  std::string lock_path{};  // empty: lock/write beside rhizo.db
  std::string vfs{};        // SQLite's name for the file system; empty: the machine's

  uint32_t page_bytes = 8192;  // of a new database
  size_t max_readers = 4;
  // Folding happens in the commit that makes the tail longer than this.
  size_t fold_rows = 256;
  size_t fold_entries = 4096;
  uint64_t checkpoint_bytes = 4 << 20;  // length of the write-ahead log that is worth one
};

class SqliteMetaStore final : public MetaStore {
 public:
  // Makes `directory`/rhizo.db (and lock/ beside it) and opens it. kAlreadyExists if there is one;
  // what an interrupted Create left counts as none.
  static Result<std::unique_ptr<SqliteMetaStore>> Create(const std::string& directory,
                                                         const SqliteMetaOptions& options);
  // kObjectNotFound if there is none; creates nothing then.
  static Result<std::unique_ptr<SqliteMetaStore>> Open(const std::string& directory,
                                                       const SqliteMetaOptions& options);
  ~SqliteMetaStore() override;

  Result<std::string> GetObject(const ObjectId& id) override;
  Result<std::optional<Ref>> ReadRef(std::string_view name) override;
  Result<std::vector<Ref>> ListRefs() override;
  Result<std::vector<RefLogEntry>> ReadRefLog(std::string_view ref, uint64_t from,
                                              uint64_t to) override;
  Result<std::optional<LandedTransaction>> FindTransaction(const TxnId& txn) override;
  Result<std::vector<TableVersion>> ReadVersions(const TableId& table, uint64_t from,
                                                 uint64_t to) override;
  Result<std::unique_ptr<WriteSession>> BeginWrite(std::chrono::milliseconds timeout) override;
  Result<uint64_t> ChangeCounter() override;
  Status ListObjects(const std::function<bool(const ObjectId&, uint64_t)>& visit) override;
  Result<uint64_t> LastVersion(const TableId& table) override;
  Result<uint64_t> LastVersionAsOf(const TableId& table, const TxnId& txn) override;
  Result<std::vector<ObjectId>> FindObjects(std::string_view hex_prefix, size_t limit) override;
  Status Verify(
      const std::function<void(std::string_view what, std::string_view problem)>& report) override;
  Result<bool> HasUnsynced() override;
  Status Flush() override;
  Result<uint64_t> SizeBytes() override;

  // Moves the write-ahead log into the database file, synced. Takes the writer lock.
  Status Checkpoint();

 private:
  friend class SqliteWriteSession;

  // What this process knows of the log without asking SQLite. The tail changes only under a unique
  // lock on `mutex`.
  struct Cache {
    std::shared_mutex mutex;
    StoreState state;
    LogTail tail;
    RefTable refs;
    std::mutex versions_mutex;
    std::unordered_map<TableId, uint64_t> last_versions;
  };

  explicit SqliteMetaStore(SqliteMetaOptions options, ConnectionOptions connection);

  static Result<std::unique_ptr<SqliteMetaStore>> OpenAt(const std::string& path,
                                                         const SqliteMetaOptions& options);
  Status OpenForReading(const std::string& path);
  Status OpenForWriting();
  Status AdoptConnection(std::unique_ptr<Connection> connection);
  Status CheckAfterOpen();
  Status CheckWalAfterOpen(bool has_unsynced);
  Status CheckAlive() const;

  // Runs f(LogReader&) in a read transaction, with the cache at the same state.
  template <class F>
  auto Read(F f) -> std::invoke_result_t<F, LogReader&>;
  template <class F>
  auto ReadWith(Connection& connection, F f) -> std::invoke_result_t<F, LogReader&>;
  Status CatchUp(Connection& connection, const StoreState& state);
  // After a commit of this process.
  void Advance(const StoreState& state, const std::vector<std::pair<uint64_t, SharedRecord>>& rows);
  void ApplyRow(uint64_t seq, const SharedRecord& record);
  Result<uint64_t> LastVersionIn(LogReader& reader, const TableId& table);
  // The current value of ChangeCounter, 0 if it cannot be had without asking SQLite.
  uint64_t PeekCounter() const;
  Result<uint64_t> AskCounter();

  // Under the writer lock:
  Result<Connection*> Writer();
  Status SettleLeftover(Connection& writer);
  Status CheckpointLocked(Connection& writer);
  Status FlushLocked(Connection& writer);
  void CheckpointIfLong(Connection& writer);
  void CheckpointAtClose();

  using ReportFault = std::function<void(std::string_view what, std::string_view problem)>;
  Status VerifyWith(LogReader& reader, const ReportFault& report);

  const SqliteMetaOptions options_;
  ConnectionOptions connection_options_;
  const uint64_t fork_generation_;
  std::unique_ptr<ConnectionPool> pool_;
  std::unique_ptr<io::LockFile> immutable_lock_;  // keeps writers away from an immutable opening
  std::unique_ptr<WriterGate> gate_;
  std::unique_ptr<Connection> writer_;
  WalIndexView wal_index_;
  uint64_t frames_at_checkpoint_ = 0;
  std::mutex watch_mutex_;
  std::unique_ptr<Connection> watch_;  // asks for changes where the WAL index cannot be looked at
  Cache cache_;
  std::atomic<uint64_t> cache_counter_{
      0};  // ChangeCounter() when the cache was last known to be current
};

}  // namespace rhizo::meta
