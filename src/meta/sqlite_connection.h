// One SQLite connection to rhizo.db with its prepared statements, set up as docs/format/rhizo-db.md
// says: WAL, no automatic checkpoint, none at close, no memory map.
// Used by one thread at a time.
//
// SQLite must not be carried across a fork: its list of open files, one per process, says in the
// child that locks are held which only the parent has. So the first connection that a child opens
// closes those it inherited, which touches no file as long as they were idle (others are left
// alone), and then SQLite starts afresh.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;
struct sqlite3_file;

namespace rhizo::meta {

// A prepared statement, reset after each use. Bound bytes are borrowed until Reset().
class Statement final {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;

  Statement& Bind(int index, int64_t value);
  Statement& Bind(int index, std::string_view bytes);
  // True: a row is there. Errors name `doing`.
  Result<bool> Step(std::string_view doing);
  // Steps a statement that gives no rows, and resets it.
  Status Run(std::string_view doing);
  void Reset();

  int64_t Integer(int column) const;
  // Valid until the next Step() or Reset(). Empty unless the column holds a BLOB.
  std::string_view Blob(int column) const;
  std::string_view Text(int column) const;

 private:
  sqlite3_stmt* statement_ = nullptr;
};

enum class OpenMode {
  kReadWrite,
  kCreate,
  kReadOnly,
  // Nobody writes while it is open (the caller sees to that): no -wal or -shm is needed.
  kImmutable,
};

struct ConnectionOptions {
  std::string path;
  std::string vfs{};  // empty: SQLite's default
  OpenMode mode = OpenMode::kReadWrite;
  bool sync = true;
  // How long SQLite itself waits: for somebody who repairs the WAL index after a crash. Writers
  // wait elsewhere.
  std::chrono::milliseconds busy_timeout{5000};
};

class Connection final {
 public:
  // Opens the file; touches no schema.
  static Result<std::unique_ptr<Connection>> Open(const ConnectionOptions& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  Status Execute(const char* sql, std::string_view doing);
  // Prepares the store's statements; the schema must be there.
  Status PrepareStatements();
  // What SQLite finds wrong with its pages; empty if nothing.
  Result<std::vector<std::string>> IntegrityCheck();
  // Every commit from here on is synced, or only the moves of the WAL into the file are: then a
  // power cut may lose commits, but leaves a state that was.
  Status SetSync(bool sync);
  // Ends a transaction that may be open; never fails.
  void Rollback();
  // In a forked child: the parent's connection is not this process's to use.
  void Abandon();
  // Whether SQLite has a transaction open.
  bool InTransaction() const;

  sqlite3* handle() const { return handle_; }
  // SQLite's own descriptors: opening the files a second time and closing them would drop SQLite's
  // locks.
  sqlite3_file* database_file() const;
  sqlite3_file* wal_file() const;

  Statement begin, begin_immediate, commit, rollback;
  Statement read_row, write_row;   // state: id -> row
  Statement read_log, append_log;  // log: seq -> head, bodies
  Statement read_heads;            // log: heads after seq, ascending
  Statement read_bucket, write_bucket;
  Statement read_ref, write_ref, read_refs;
  Statement data_version;

 private:
  explicit Connection(sqlite3* handle);
  // Closes the handle, or forgets it if that could touch what the parent uses.
  void CloseInherited();
  void ForgetStatements();

  friend class ConnectionRegistry;
  struct StatementText {
    Statement Connection::*slot;
    const char* sql;
  };
  static const StatementText kStatements[];

  Result<Statement> Prepare(const char* sql);
  Status Configure(const ConnectionOptions& options);

  sqlite3* handle_;
  bool sync_ = true;
};

// A read transaction as long as it lives.
class ReadTransaction final {
 public:
  static Result<ReadTransaction> Begin(Connection& connection);
  ~ReadTransaction();
  ReadTransaction(ReadTransaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)) {}

 private:
  explicit ReadTransaction(Connection* connection) : connection_(connection) {}
  Connection* connection_;
};

}  // namespace rhizo::meta
