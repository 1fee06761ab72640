#include "meta/sqlite_error.h"

#include <sqlite3.h>

#include <string>

namespace rhizo::meta {

namespace {

ErrorCode KindOf(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: return ErrorCode::kBusy;
    case SQLITE_FULL: return ErrorCode::kDiskFull;
    case SQLITE_READONLY:
    case SQLITE_PERM: return ErrorCode::kReadOnly;
    // A statement of ours that does not compile, or a row of another shape: the schema is damaged.
    case SQLITE_ERROR:
    case SQLITE_SCHEMA:
    case SQLITE_MISMATCH:
    case SQLITE_CONSTRAINT:
    case SQLITE_CORRUPT:
    case SQLITE_TOOBIG:
    case SQLITE_NOTADB: return ErrorCode::kCorruption;
    case SQLITE_NOMEM: return ErrorCode::kOutOfMemory;
    case SQLITE_INTERRUPT: return ErrorCode::kCancelled;
    default: return ErrorCode::kIo;
  }
}

}  // namespace

Error SqliteError(int code, std::string_view doing) {
  return Error(KindOf(code), "rhizo.db, " + std::string(doing) + ": " + sqlite3_errstr(code))
      .With("sqlite", std::to_string(code));
}

}  // namespace rhizo::meta
