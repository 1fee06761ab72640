// The tables of rhizo.db: made once, and compared word for word at every opening.
#pragma once

#include <string>

#include "meta/store_state.h"

namespace rhizo::meta {

// "Rzdb": what `file` and SQLite's tools see of a Rhizo database.
inline constexpr int64_t kApplicationId = 0x527a6462;

enum class FileState {
  kEmpty,       // nothing was written yet
  kUnfinished,  // what an interrupted creation leaves: no tables, and no room for any
  kHasTables,
};
// kCorruption if the tables of a longer file are gone.
Result<FileState> LookAt(Connection& connection);
// Makes everything in one transaction. The file must be empty.
Status CreateSchema(Connection& connection, uint32_t page_bytes);
// kCorruption if the file is not a whole database of ours, kUnsupported if it is newer.
Status CheckSchema(Connection& connection, bool for_writing);
Result<uint32_t> ReadPageBytes(Connection& connection);

}  // namespace rhizo::meta
