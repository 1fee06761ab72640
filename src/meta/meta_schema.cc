#include "meta/meta_schema.h"

#include <sqlite3.h>

#include "meta/key_index.h"
#include "meta/sqlite_error.h"

namespace rhizo::meta {

namespace {

struct TableSchema {
  const char* name;
  const char* sql;
};

// In the order of their names.
constexpr TableSchema kTables[] = {
    {"buckets", "CREATE TABLE buckets(bucket INTEGER PRIMARY KEY, row BLOB NOT NULL)"},
    {"log", "CREATE TABLE log(seq INTEGER PRIMARY KEY, head BLOB NOT NULL, bodies BLOB NOT NULL)"},
    {"refs", "CREATE TABLE refs(name BLOB PRIMARY KEY, row BLOB NOT NULL) WITHOUT ROWID"},
    {"state", "CREATE TABLE state(id INTEGER PRIMARY KEY, row BLOB NOT NULL)"},
};

Error NotOurs() { return Corruption("rhizo.db is damaged, or is not a Rhizo database"); }

// Statements that run once, outside the prepared set.
Result<Statement> Prepare(Connection& connection, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  int code = sqlite3_prepare_v2(connection.handle(), sql, -1, &statement, nullptr);
  if (code != SQLITE_OK) {
    return SqliteError(sqlite3_extended_errcode(connection.handle()), "reading the schema");
  }
  return Statement(statement);
}

Result<int64_t> ReadNumber(Connection& connection, const char* sql) {
  ASSIGN_OR_RETURN(Statement read, Prepare(connection, sql));
  ASSIGN_OR_RETURN(bool found, read.Step("reading the schema"));
  return found ? read.Integer(0) : -1;
}

Status InsertStateRow(Connection& connection, int64_t id, const SealedRow& row) {
  ASSIGN_OR_RETURN(Statement insert,
                   Prepare(connection, "INSERT INTO state(id, row) VALUES (?1, ?2)"));
  return insert.Bind(1, id).Bind(2, row.bytes).Run("creating");
}

Status FillTables(Connection& connection) {
  SealedRow bucket = SealRow("buckets", NumberKey(0), "");
  {
    ASSIGN_OR_RETURN(Statement insert,
                     Prepare(connection, "INSERT INTO buckets(bucket, row) VALUES (0, ?1)"));
    RETURN_IF_ERROR(insert.Bind(1, bucket.bytes).Run("creating"));
  }
  RETURN_IF_ERROR(InsertStateRow(connection, 0, SealFormat(StoreFormat{})));
  return InsertStateRow(connection, 1, SealState(StoreState{}));
}

Status CreateTables(Connection& connection) {
  for (const TableSchema& table : kTables) {
    RETURN_IF_ERROR(connection.Execute(table.sql, "creating"));
  }
  std::string pragmas = "PRAGMA application_id=" + std::to_string(kApplicationId) +
                        "; PRAGMA user_version=" + std::to_string(kFormatNumber);
  RETURN_IF_ERROR(connection.Execute(pragmas.c_str(), "creating"));
  return FillTables(connection);
}

// A header that says "not WAL" would make SQLite pass over the write-ahead log.
Status CheckJournalMode(Connection& connection) {
  char header[20] = {};
  sqlite3_file* file = connection.database_file();
  int code = file->pMethods->xRead(file, header, sizeof(header), 0);
  if (code != SQLITE_OK) return SqliteError(code, "reading the header");
  constexpr int kWriteVersion = 18, kReadVersion = 19, kWal = 2;
  if (header[kWriteVersion] != kWal || header[kReadVersion] != kWal) return NotOurs();
  return {};
}

Status CheckTables(Connection& connection) {
  ASSIGN_OR_RETURN(Statement read,
                   Prepare(connection, "SELECT name, sql FROM sqlite_schema ORDER BY name"));
  for (const TableSchema& table : kTables) {
    ASSIGN_OR_RETURN(bool found, read.Step("reading the schema"));
    if (!found || read.Text(0) != table.name || read.Text(1) != table.sql) return NotOurs();
  }
  ASSIGN_OR_RETURN(bool more, read.Step("reading the schema"));
  if (more) return NotOurs();
  return {};
}

}  // namespace

Result<FileState> LookAt(Connection& connection) {
  ASSIGN_OR_RETURN(int64_t tables, ReadNumber(connection, "SELECT count(*) FROM sqlite_schema"));
  if (tables > 0) return FileState::kHasTables;
  sqlite3_file* file = connection.database_file();
  sqlite3_int64 size = 0;
  int code = file->pMethods->xFileSize(file, &size);
  if (code != SQLITE_OK) return SqliteError(code, "opening");
  if (size == 0) return FileState::kEmpty;
  ASSIGN_OR_RETURN(uint32_t page_bytes, ReadPageBytes(connection));
  if (size > page_bytes) return NotOurs();
  return FileState::kUnfinished;
}

Status CreateSchema(Connection& connection, uint32_t page_bytes) {
  std::string layout = "PRAGMA page_size=" + std::to_string(page_bytes) +
                       "; PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL";
  RETURN_IF_ERROR(connection.Execute(layout.c_str(), "creating"));
  RETURN_IF_ERROR(connection.Execute("BEGIN IMMEDIATE", "creating"));
  Status made = CreateTables(connection);
  if (made) made = connection.Execute("COMMIT", "creating");
  if (!made) connection.Rollback();
  return made;
}

Status CheckSchema(Connection& connection, bool for_writing) {
  RETURN_IF_ERROR(CheckJournalMode(connection));
  RETURN_IF_ERROR(connection.Execute("BEGIN", "opening"));
  auto check = [&]() -> Status {
    ASSIGN_OR_RETURN(int64_t application, ReadNumber(connection, "PRAGMA application_id"));
    if (application != kApplicationId) return NotOurs();
    ASSIGN_OR_RETURN(int64_t version, ReadNumber(connection, "PRAGMA user_version"));
    if (version > kFormatNumber) {
      StoreFormat newer;
      newer.number = static_cast<uint32_t>(version);
      return newer.CheckSupported(for_writing);
    }
    RETURN_IF_ERROR(CheckTables(connection));
    RETURN_IF_ERROR(connection.PrepareStatements());
    ASSIGN_OR_RETURN(StoreFormat format, ReadFormat(connection));
    if (version != static_cast<int64_t>(format.number)) return NotOurs();
    return format.CheckSupported(for_writing);
  };
  Status checked = check();
  connection.Rollback();
  return checked;
}

Result<uint32_t> ReadPageBytes(Connection& connection) {
  ASSIGN_OR_RETURN(int64_t size, ReadNumber(connection, "PRAGMA page_size"));
  return static_cast<uint32_t>(size);
}

}  // namespace rhizo::meta
