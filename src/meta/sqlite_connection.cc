#include "meta/sqlite_connection.h"

#include <pthread.h>
#include <sqlite3.h>

#include <mutex>
#include <unordered_set>
#include <utility>

#include "io/fork_guard.h"
#include "meta/sqlite_error.h"

namespace rhizo::meta {

// The open connections of this process, for its children. The lock is held across a fork, so that
// the list is whole in the child.
class ConnectionRegistry {
 public:
  static void Add(Connection* connection) {
    std::lock_guard lock(Mutex());
    Open().insert(connection);
  }
  static void Remove(Connection* connection) {
    std::lock_guard lock(Mutex());
    Open().erase(connection);
  }
  // In a child, before SQLite is used there.
  static void CloseInherited() {
    std::lock_guard lock(Mutex());
    static uint64_t generation = 0;
    if (generation == io::ForkGeneration()) return;
    generation = io::ForkGeneration();
    for (Connection* connection : Open()) connection->CloseInherited();
    Open().clear();
  }

 private:
  static std::mutex& Mutex() {
    static std::mutex* mutex = [] {
      pthread_atfork([] { Mutex().lock(); }, [] { Mutex().unlock(); }, [] { Mutex().unlock(); });
      return new std::mutex();
    }();
    return *mutex;
  }
  static std::unordered_set<Connection*>& Open() {
    static auto* open = new std::unordered_set<Connection*>();
    return *open;
  }
};

Connection::Connection(sqlite3* handle) : handle_(handle) { ConnectionRegistry::Add(this); }

Statement::~Statement() { sqlite3_finalize(statement_); }

Statement::Statement(Statement&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  if (this != &other) {
    sqlite3_finalize(statement_);
    statement_ = std::exchange(other.statement_, nullptr);
  }
  return *this;
}

Statement& Statement::Bind(int index, int64_t value) {
  CHECK(sqlite3_bind_int64(statement_, index, value) == SQLITE_OK);
  return *this;
}

Statement& Statement::Bind(int index, std::string_view bytes) {
  const char* data = bytes.data() == nullptr ? "" : bytes.data();
  CHECK(sqlite3_bind_blob64(statement_, index, data, bytes.size(), SQLITE_STATIC) == SQLITE_OK);
  return *this;
}

Result<bool> Statement::Step(std::string_view doing) {
  int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  code = sqlite3_extended_errcode(sqlite3_db_handle(statement_));
  Reset();
  return SqliteError(code, doing);
}

Status Statement::Run(std::string_view doing) {
  auto row = Step(doing);
  Reset();
  if (!row) return std::move(row).error();
  return {};
}

void Statement::Reset() {
  if (statement_ == nullptr) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

int64_t Statement::Integer(int column) const { return sqlite3_column_int64(statement_, column); }

std::string_view Statement::Blob(int column) const {
  if (sqlite3_column_type(statement_, column) != SQLITE_BLOB) return {};
  auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  return {data, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

std::string_view Statement::Text(int column) const {
  auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (data == nullptr) return {};
  return {data, static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

namespace {

int OpenFlags(OpenMode mode) {
  constexpr int kCommon =
      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;
  switch (mode) {
    case OpenMode::kReadWrite: return kCommon | SQLITE_OPEN_READWRITE;
    case OpenMode::kCreate: return kCommon | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    case OpenMode::kReadOnly:
    case OpenMode::kImmutable: return kCommon | SQLITE_OPEN_READONLY;
  }
  return kCommon;
}

// The path as a URI, so that no character of it has a meaning.
std::string UriOf(const std::string& path, OpenMode mode) {
  std::string uri = "file:";
  for (unsigned char c : path) {
    if (c == '/' || c == '-' || c == '.' || c == '_' || isalnum(c)) {
      uri += static_cast<char>(c);
    } else {
      constexpr char kDigits[] = "0123456789abcdef";
      uri += {'%', kDigits[c >> 4], kDigits[c & 15]};
    }
  }
  return mode == OpenMode::kImmutable ? uri + "?immutable=1" : uri;
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::Open(const ConnectionOptions& options) {
  sqlite3* handle = nullptr;
  int code =
      sqlite3_open_v2(UriOf(options.path, options.mode).c_str(), &handle, OpenFlags(options.mode),
                      options.vfs.empty() ? nullptr : options.vfs.c_str());
  std::unique_ptr<Connection> connection(new Connection(handle));
  if (code != SQLITE_OK) return SqliteError(code, "opening");
  RETURN_IF_ERROR(connection->Configure(options));
  return connection;
}

Connection::~Connection() {
  ConnectionRegistry::Remove(this);
  if (handle_ == nullptr) return;
  Rollback();
  // Close waits for the statements, which go with their members.
  sqlite3_close_v2(handle_);
}

Status Connection::Configure(const ConnectionOptions& options) {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  sqlite3_busy_timeout(handle_, static_cast<int>(options.busy_timeout.count()));
  RETURN_IF_ERROR(
      Execute("PRAGMA mmap_size=0; PRAGMA cache_spill=OFF; PRAGMA secure_delete=FAST;"
              "PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=ON;"
              "PRAGMA wal_autocheckpoint=0; PRAGMA foreign_keys=OFF",
              "setting up"));
  sync_ = !options.sync;
  return SetSync(options.sync);
}

Status Connection::SetSync(bool sync) {
  if (sync == sync_) return {};
  RETURN_IF_ERROR(Execute(sync ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL",
                          "setting durability"));
  sync_ = sync;
  return {};
}

Status Connection::Execute(const char* sql, std::string_view doing) {
  int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return SqliteError(sqlite3_extended_errcode(handle_), doing);
  return {};
}

Result<std::vector<std::string>> Connection::IntegrityCheck() {
  ASSIGN_OR_RETURN(Statement check, Prepare("PRAGMA integrity_check(20)"));
  std::vector<std::string> problems;
  while (true) {
    ASSIGN_OR_RETURN(bool found, check.Step("verifying the pages"));
    if (!found) return problems;
    if (check.Text(0) != "ok") problems.emplace_back(check.Text(0));
  }
}

Result<Statement> Connection::Prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return SqliteError(sqlite3_extended_errcode(handle_), "preparing");
  return Statement(statement);
}

const Connection::StatementText Connection::kStatements[] = {
    {&Connection::begin, "BEGIN"},
    {&Connection::begin_immediate, "BEGIN IMMEDIATE"},
    {&Connection::commit, "COMMIT"},
    {&Connection::rollback, "ROLLBACK"},
    {&Connection::read_row, "SELECT row FROM state WHERE id = ?1"},
    {&Connection::write_row, "UPDATE state SET row = ?2 WHERE id = ?1"},
    {&Connection::read_log, "SELECT head, bodies FROM log WHERE seq = ?1"},
    {&Connection::append_log, "INSERT INTO log(seq, head, bodies) VALUES (?1, ?2, ?3)"},
    {&Connection::read_heads, "SELECT seq, head FROM log WHERE seq > ?1 ORDER BY seq"},
    {&Connection::read_bucket, "SELECT row FROM buckets WHERE bucket = ?1"},
    {&Connection::write_bucket, "INSERT OR REPLACE INTO buckets(bucket, row) VALUES (?1, ?2)"},
    {&Connection::read_ref, "SELECT row FROM refs WHERE name = ?1"},
    {&Connection::write_ref, "INSERT OR REPLACE INTO refs(name, row) VALUES (?1, ?2)"},
    {&Connection::read_refs, "SELECT name, row FROM refs ORDER BY name"},
    {&Connection::data_version, "PRAGMA data_version"},
};

Status Connection::PrepareStatements() {
  for (const StatementText& text : kStatements) {
    ASSIGN_OR_RETURN(this->*text.slot, Prepare(text.sql));
  }
  return {};
}

bool Connection::InTransaction() const { return sqlite3_get_autocommit(handle_) == 0; }

void Connection::Rollback() {
  if (!InTransaction()) return;
  for (const StatementText& text : kStatements) (this->*text.slot).Reset();
  sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

void Connection::ForgetStatements() {
  for (const StatementText& text : kStatements) new (&(this->*text.slot)) Statement();
}

void Connection::Abandon() {
  ConnectionRegistry::Remove(this);
  if (handle_ != nullptr) CloseInherited();
}

void Connection::CloseInherited() {
  if (InTransaction()) {
    ForgetStatements();
  } else {
    for (const StatementText& text : kStatements) this->*text.slot = Statement();
    sqlite3_close_v2(handle_);
  }
  handle_ = nullptr;
}

sqlite3_file* Connection::database_file() const {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(handle_, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  return file;
}

sqlite3_file* Connection::wal_file() const {
  sqlite3_file* file = nullptr;
  sqlite3_file_control(handle_, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
  return file;
}

Result<ReadTransaction> ReadTransaction::Begin(Connection& connection) {
  RETURN_IF_ERROR(connection.begin.Run("beginning to read"));
  return ReadTransaction(&connection);
}

ReadTransaction::~ReadTransaction() {
  if (connection_ == nullptr) return;
  if (!connection_->commit.Run("ending a read")) connection_->Rollback();
}

}  // namespace rhizo::meta
