#include "meta/sqlite_meta_store.h"

#include <sqlite3.h>

#include <algorithm>

#include "io/fork_guard.h"
#include "io/path.h"
#include "io/posix_file_system.h"
#include "meta/meta_schema.h"
#include "meta/sqlite_error.h"
#include "meta/sqlite_read.h"
#include "meta/sqlite_write_session.h"

namespace rhizo::meta {

namespace {

constexpr const char* kFileName = "rhizo.db";

std::string LockPath(const std::string& directory, const SqliteMetaOptions& options) {
  return options.lock_path.empty() ? io::JoinPath(io::JoinPath(directory, "lock"), "write")
                                   : options.lock_path;
}

Result<bool> Exists(const std::string& path, const SqliteMetaOptions& options) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(options.vfs.empty() ? nullptr : options.vfs.c_str());
  CHECK(vfs != nullptr);
  int exists = 0;
  int code = vfs->xAccess(vfs, path.c_str(), SQLITE_ACCESS_EXISTS, &exists);
  if (code != SQLITE_OK) return SqliteError(code, "looking for it");
  return exists != 0;
}

Error NotThere() {
  return Error(ErrorCode::kObjectNotFound, "there is no Rhizo database here: no whole rhizo.db");
}

// lock/ beside rhizo.db, unless the caller says where the lock is.
Status MakeLockFolder(const std::string& directory, const SqliteMetaOptions& options) {
  if (!options.lock_path.empty()) return {};
  Status made = io::PosixFileSystem().CreateDirectory(io::JoinPath(directory, "lock"));
  if (made || made.error().code() == ErrorCode::kAlreadyExists) return {};
  return made;
}

// What an interrupted creation left, the log and journal first: they must not come back over a new
// file.
Status RemoveUnfinished(const std::string& path, const SqliteMetaOptions& options) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(options.vfs.empty() ? nullptr : options.vfs.c_str());
  for (const char* suffix : {"-journal", "-wal", "-shm", ""}) {
    constexpr int kSyncFolder = 1;
    int code = vfs->xDelete(vfs, (path + suffix).c_str(), kSyncFolder);
    if (code != SQLITE_OK && code != SQLITE_IOERR_DELETE_NOENT) {
      return SqliteError(code, "removing an unfinished database");
    }
  }
  return {};
}

Result<std::unique_ptr<Connection>> OpenEmpty(const std::string& path,
                                              const SqliteMetaOptions& options) {
  const ConnectionOptions connection_options{.path = path,
                                             .vfs = options.vfs,
                                             .mode = OpenMode::kCreate,
                                             .sync = true,
                                             .busy_timeout = options.busy_timeout};
  ASSIGN_OR_RETURN(auto connection, Connection::Open(connection_options));
  ASSIGN_OR_RETURN(FileState state, LookAt(*connection));
  if (state == FileState::kEmpty) return connection;
  if (state == FileState::kHasTables) {
    return Error(ErrorCode::kAlreadyExists, "there is a Rhizo database here already");
  }
  connection.reset();
  RETURN_IF_ERROR(RemoveUnfinished(path, options));
  return Connection::Open(connection_options);
}

Status CreateFile(const std::string& path, const SqliteMetaOptions& options) {
  ASSIGN_OR_RETURN(auto connection, OpenEmpty(path, options));
  RETURN_IF_ERROR(CreateSchema(*connection, options.page_bytes));
  // From here on the file says by itself what it is, whatever happens to its log.
  int code = sqlite3_wal_checkpoint_v2(connection->handle(), "main", SQLITE_CHECKPOINT_PASSIVE,
                                       nullptr, nullptr);
  return code == SQLITE_OK ? Status() : Status(SqliteError(code, "creating"));
}

bool HasNoWal(const std::string& path) {
  auto info = io::PosixFileSystem().Stat(path + "-wal");
  if (!info) return info.error().code() == ErrorCode::kObjectNotFound;
  return info->size_bytes == 0;
}

}  // namespace

SqliteMetaStore::SqliteMetaStore(SqliteMetaOptions options, ConnectionOptions connection)
    : options_(std::move(options)),
      connection_options_(std::move(connection)),
      fork_generation_(io::ForkGeneration()) {}

SqliteMetaStore::~SqliteMetaStore() {
  if (CheckAlive()) {
    CheckpointAtClose();
    return;
  }
  if (pool_) pool_->Abandon();
  for (auto* connection : {&writer_, &watch_}) {
    if (*connection == nullptr) continue;
    (*connection)->Abandon();
    connection->release();
  }
}

Result<std::unique_ptr<SqliteMetaStore>> SqliteMetaStore::Create(const std::string& directory,
                                                                 const SqliteMetaOptions& options) {
  RETURN_IF_ERROR(MakeLockFolder(directory, options));
  {
    // Two who create at once: one makes it, the other finds it.
    ASSIGN_OR_RETURN(auto gate, WriterGate::Open(LockPath(directory, options)));
    ASSIGN_OR_RETURN(auto holder, GateHolder::Acquire(*gate, options.busy_timeout));
    RETURN_IF_ERROR(CreateFile(io::JoinPath(directory, kFileName), options));
    if (options.vfs.empty()) RETURN_IF_ERROR(io::PosixFileSystem().SyncDirectory(directory));
  }
  return Open(directory, options);
}

Result<std::unique_ptr<SqliteMetaStore>> SqliteMetaStore::Open(const std::string& directory,
                                                               const SqliteMetaOptions& options) {
  std::string path = io::JoinPath(directory, kFileName);
  ASSIGN_OR_RETURN(bool exists, Exists(path, options));
  if (!exists) return NotThere();
  SqliteMetaOptions complete = options;
  complete.lock_path = LockPath(directory, options);
  return OpenAt(path, complete);
}

Result<std::unique_ptr<SqliteMetaStore>> SqliteMetaStore::OpenAt(const std::string& path,
                                                                 const SqliteMetaOptions& options) {
  ConnectionOptions connection{
      .path = path,
      .vfs = options.vfs,
      .mode = options.read_only ? OpenMode::kReadOnly : OpenMode::kReadWrite,
      .sync = options.sync,
      .busy_timeout = options.busy_timeout};
  std::unique_ptr<SqliteMetaStore> store(new SqliteMetaStore(options, connection));
  RETURN_IF_ERROR(options.read_only ? store->OpenForReading(path) : store->OpenForWriting());
  RETURN_IF_ERROR(store->CheckAfterOpen());
  return store;
}

Status SqliteMetaStore::AdoptConnection(std::unique_ptr<Connection> connection) {
  ASSIGN_OR_RETURN(FileState state, LookAt(*connection));
  if (state != FileState::kHasTables) return NotThere();
  RETURN_IF_ERROR(CheckSchema(*connection, !options_.read_only));
  pool_ = std::make_unique<ConnectionPool>(connection_options_, options_.max_readers);
  pool_->Add(std::move(connection));
  return {};
}

Status SqliteMetaStore::OpenForWriting() {
  ASSIGN_OR_RETURN(auto connection, Connection::Open(connection_options_));
  Connection& first = *connection;
  bool is_read_only = sqlite3_db_readonly(connection->handle(), "main") == 1;
  Status adopted = AdoptConnection(std::move(connection));
  // A damaged header, too, can make SQLite take the file for read-only.
  if (is_read_only && (adopted || adopted.error().code() != ErrorCode::kCorruption)) {
    return Error(ErrorCode::kReadOnly,
                 "rhizo.db may not be written by this user: open it read-only");
  }
  RETURN_IF_ERROR(adopted);
  ASSIGN_OR_RETURN(uint32_t page_bytes, ReadPageBytes(first));
  ASSIGN_OR_RETURN(wal_index_, WalIndexView::Open(first, page_bytes));
  ASSIGN_OR_RETURN(gate_, WriterGate::Open(options_.lock_path));
  return {};
}

// SQLite reads a WAL database from a folder where it may not write if -wal and -shm lie there, as
// they do unless somebody removed them. Without them the file is whole by itself, and is read as
// one that does not change; the writer lock is held (shared) so that it does not.
Status SqliteMetaStore::OpenForReading(const std::string& path) {
  auto connection = Connection::Open(connection_options_);
  Status opened = connection ? AdoptConnection(std::move(connection).value())
                             : Status(std::move(connection).error());
  if (opened) return opened;
  ErrorCode code = opened.error().code();
  if ((code != ErrorCode::kIo && code != ErrorCode::kReadOnly) || !HasNoWal(path)) return opened;
  auto lock = io::LockFile::Open(options_.lock_path, io::LockAccess::kReadOnly);
  if (lock) {
    RETURN_IF_ERROR((*lock)->Lock(io::LockKind::kShared, options_.busy_timeout));
    immutable_lock_ = std::move(lock).value();
    if (!HasNoWal(path)) return opened;
  }
  connection_options_.mode = OpenMode::kImmutable;
  ASSIGN_OR_RETURN(auto immutable, Connection::Open(connection_options_));
  return AdoptConnection(std::move(immutable));
}

Status SqliteMetaStore::CheckAfterOpen() {
  // The newest row: the only one whose loss the numbers of others would not show.
  bool has_unsynced = false;
  RETURN_IF_ERROR(Read([&](LogReader& reader) -> Status {
    has_unsynced = reader.state().has_unsynced;
    if (reader.state().last_seq == 0) return {};
    ASSIGN_OR_RETURN(SharedRecord newest, reader.Record(reader.state().last_seq));
    return {};
  }));
  return options_.read_only ? Status() : CheckWalAfterOpen(has_unsynced);
}

Status SqliteMetaStore::CheckWalAfterOpen(bool has_unsynced) {
  // Somebody who writes now has done this before.
  auto holder = GateHolder::Acquire(*gate_, std::chrono::milliseconds(0));
  if (!holder) return {};
  ASSIGN_OR_RETURN(auto lease, pool_->Borrow());
  auto position = wal_index_.Read();
  if (!position) return {};
  ASSIGN_OR_RETURN(WalScan scan, ScanWal(*lease, *position));
  if (scan.is_damaged && !has_unsynced) {
    return Corruption("rhizo.db: the write-ahead log is damaged: commits after row " +
                      std::to_string(cache_.state.last_seq) + " of the log are lost");
  }
  // So that what comes next cannot be taken for damage, nor this ever land.
  return scan.has_leftover ? DropLeftover(*lease, *position) : Status();
}

Status SqliteMetaStore::CheckAlive() const {
  if (fork_generation_ == io::ForkGeneration()) return {};
  return Error(ErrorCode::kClosed, "this handle was opened before a fork: open the database again");
}

uint64_t SqliteMetaStore::PeekCounter() const {
  if (!wal_index_.is_open()) return 0;
  auto position = wal_index_.Read();
  return position ? position->fingerprint : 0;
}

Result<uint64_t> SqliteMetaStore::AskCounter() {
  if (connection_options_.mode == OpenMode::kImmutable) return uint64_t{1};
  std::lock_guard lock(watch_mutex_);
  if (watch_ == nullptr) {
    ASSIGN_OR_RETURN(auto connection, Connection::Open(connection_options_));
    RETURN_IF_ERROR(connection->PrepareStatements());
    watch_ = std::move(connection);
  }
  ASSIGN_OR_RETURN(bool found, watch_->data_version.Step("looking for changes"));
  auto version = static_cast<uint64_t>(found ? watch_->data_version.Integer(0) : 0);
  watch_->data_version.Reset();
  return version + 1;
}

Result<uint64_t> SqliteMetaStore::ChangeCounter() {
  RETURN_IF_ERROR(CheckAlive());
  if (uint64_t counter = PeekCounter(); counter != 0) return counter;
  if (options_.read_only) return AskCounter();
  // A writer died while it wrote the index: any read repairs it.
  RETURN_IF_ERROR(Read([](LogReader&) { return Status(); }));
  if (uint64_t counter = PeekCounter(); counter != 0) return counter;
  return Error(ErrorCode::kIo, "rhizo.db: the WAL index cannot be read");
}

Status SqliteMetaStore::CatchUp(Connection& connection, const StoreState& state) {
  std::unique_lock lock(cache_.mutex);
  if (cache_.state.last_seq >= state.last_seq) return {};
  if (state.folded_seq > cache_.state.last_seq) {
    cache_.tail.Clear();
    cache_.refs.Clear();
    cache_.last_versions.clear();
    cache_.state.last_seq = state.folded_seq;
  }
  uint64_t seq = cache_.state.last_seq;
  Statement& read = connection.read_heads;
  read.Bind(1, static_cast<int64_t>(seq));
  Status outcome;
  while (outcome) {
    ASSIGN_OR_RETURN(bool found, read.Step("reading the log"));
    if (!found) break;
    auto record = OpenRecord(seq + 1, read.Blob(1));
    if (static_cast<uint64_t>(read.Integer(0)) != seq + 1 || seq == state.last_seq) {
      outcome = MissingRow(seq + 1);
    } else if (!record) {
      outcome = std::move(record).error();
    } else {
      ApplyRow(++seq, std::make_shared<const LogRecord>(std::move(record).value()));
      cache_.state.last_seq = seq;
    }
  }
  read.Reset();
  RETURN_IF_ERROR(outcome);
  if (seq != state.last_seq) return MissingRow(seq + 1);
  cache_.state = state;
  cache_.tail.DropUpTo(state.folded_seq);
  return {};
}

void SqliteMetaStore::ApplyRow(uint64_t seq, const SharedRecord& record) {
  cache_.tail.Add(seq, record);
  for (const RefStep& step : record->steps) cache_.refs.Set(step.ref, step.after);
  for (const RefSetting& setting : record->settings) cache_.refs.Set(setting.ref, setting.after);
  for (const VersionEntry& version : record->versions) {
    cache_.last_versions[version.table] = version.number;
  }
}

void SqliteMetaStore::Advance(const StoreState& state,
                              const std::vector<std::pair<uint64_t, SharedRecord>>& rows) {
  {
    std::unique_lock lock(cache_.mutex);
    if (cache_.state.last_seq >= state.last_seq) return;  // a reader was faster
    for (const auto& [seq, record] : rows) {
      if (seq > cache_.state.last_seq) ApplyRow(seq, record);
    }
    cache_.state = state;
    cache_.tail.DropUpTo(state.folded_seq);
  }
  cache_counter_ = PeekCounter();
}

Result<std::unique_ptr<WriteSession>> SqliteMetaStore::BeginWrite(
    std::chrono::milliseconds timeout) {
  RETURN_IF_ERROR(CheckAlive());
  if (options_.read_only) return Error(ErrorCode::kReadOnly, "this database was opened read-only");
  ASSIGN_OR_RETURN(auto holder, GateHolder::Acquire(*gate_, timeout));
  ASSIGN_OR_RETURN(Connection * writer, Writer());
  // Nobody else commits now, so what was current stays current.
  bool is_current = cache_counter_ != 0 && cache_counter_ == PeekCounter();
  if (!is_current) RETURN_IF_ERROR(ReadWith(*writer, [](LogReader&) { return Status(); }));
  RETURN_IF_ERROR(SettleLeftover(*writer));
  return std::unique_ptr<WriteSession>(new SqliteWriteSession(*this, *writer, std::move(holder)));
}

Result<Connection*> SqliteMetaStore::Writer() {
  if (writer_ == nullptr) {
    ASSIGN_OR_RETURN(auto connection, Connection::Open(connection_options_));
    RETURN_IF_ERROR(connection->PrepareStatements());
    // SQLite opens the write-ahead log when it first reads.
    RETURN_IF_ERROR(ReadWith(*connection, [](LogReader&) { return Status(); }));
    writer_ = std::move(connection);
  }
  return writer_.get();
}

Status SqliteMetaStore::SettleLeftover(Connection& writer) {
  auto position = wal_index_.Read();
  if (!position) return Error(ErrorCode::kIo, "rhizo.db: the WAL index cannot be read");
  ASSIGN_OR_RETURN(bool leftover, HasLeftover(writer, *position));
  return leftover ? DropLeftover(writer, *position) : Status();
}

Status SqliteMetaStore::CheckpointLocked(Connection& writer) {
  int code = sqlite3_wal_checkpoint_v2(writer.handle(), "main", SQLITE_CHECKPOINT_PASSIVE, nullptr,
                                       nullptr);
  return code == SQLITE_OK
             ? Status()
             : Status(SqliteError(code, "moving the write-ahead log into the database"));
}

void SqliteMetaStore::CheckpointIfLong(Connection& writer) {
  auto position = wal_index_.Read();
  if (!position) return;
  uint64_t threshold = options_.checkpoint_bytes / (position->page_bytes + 24);
  if (position->frames < frames_at_checkpoint_) frames_at_checkpoint_ = 0;  // the log began anew
  if (position->frames < frames_at_checkpoint_ + threshold) return;
  // If it fails the log just grows; the next one tries again.
  if (CheckpointLocked(writer)) frames_at_checkpoint_ = position->frames;
}

// So that rhizo.db alone holds what was committed, whoever copies it without its log. If somebody
// else writes, that one does it.
void SqliteMetaStore::CheckpointAtClose() {
  if (!writer_ || !options_.sync) return;
  auto position = wal_index_.Read();
  if (!position || position->frames == frames_at_checkpoint_) return;
  auto holder = GateHolder::Acquire(*gate_, std::chrono::milliseconds(0));
  if (!holder || !CheckpointLocked(*writer_)) return;
  // Its bytes are given back too, if nobody reads it.
  sqlite3_wal_checkpoint_v2(writer_->handle(), "main", SQLITE_CHECKPOINT_TRUNCATE, nullptr,
                            nullptr);
}

Status SqliteMetaStore::Checkpoint() {
  RETURN_IF_ERROR(CheckAlive());
  if (options_.read_only) return Error(ErrorCode::kReadOnly, "this database was opened read-only");
  ASSIGN_OR_RETURN(auto holder, GateHolder::Acquire(*gate_, options_.busy_timeout));
  ASSIGN_OR_RETURN(Connection * writer, Writer());
  return CheckpointLocked(*writer);
}

Result<bool> SqliteMetaStore::HasUnsynced() {
  return Read([](LogReader& reader) -> Result<bool> { return reader.state().has_unsynced; });
}

Status SqliteMetaStore::Flush() {
  RETURN_IF_ERROR(CheckAlive());
  if (options_.read_only) return {};
  ASSIGN_OR_RETURN(auto holder, GateHolder::Acquire(*gate_, options_.busy_timeout));
  ASSIGN_OR_RETURN(Connection * writer, Writer());
  return FlushLocked(*writer);
}

Status SqliteMetaStore::FlushLocked(Connection& writer) {
  RETURN_IF_ERROR(writer.SetSync(true));
  Status flushed = WriteUnsyncedFlag(writer, false);
  RETURN_IF_ERROR(writer.SetSync(options_.sync));
  return flushed;
}

Result<uint64_t> SqliteMetaStore::SizeBytes() {
  RETURN_IF_ERROR(CheckAlive());
  ASSIGN_OR_RETURN(auto lease, pool_->Borrow());
  uint64_t total = 0;
  for (sqlite3_file* file : {(*lease).database_file(), (*lease).wal_file()}) {
    sqlite3_int64 size = 0;
    if (file == nullptr || file->pMethods == nullptr) continue;
    int code = file->pMethods->xFileSize(file, &size);
    if (code != SQLITE_OK) return SqliteError(code, "measuring");
    total += static_cast<uint64_t>(size);
  }
  return total;
}

}  // namespace rhizo::meta
