// The refs as this process knows them: what was read from table `refs`, with the steps of the log
// that are not folded yet on top. Rows are read one by one; only what is not there needs the whole
// table once, to prove by the sum of its rows that none is missing.
//
//   refs row: name (BLOB) -> flags u8 (1 has commit, 2 has expiry, 4 protected) | kind u8 | varint
//   moves
//             | time of the last move i64 | [commit 32] | [expiry i64] | checksum 16
//
// Thread-safe. Reads must happen in a transaction at the state the table was last brought to.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "meta/log_record.h"
#include "meta/store_state.h"

namespace rhizo::meta {

SealedRow SealRef(std::string_view name, const RefRow& row);
Result<RefRow> OpenRef(std::string_view name, std::string_view row);

class RefTable final {
 public:
  // What is known without reading; nothing if that is not enough.
  enum class Known { kPresent, kAbsent, kUnknown };
  Known Look(std::string_view name, RefRow& out) const;

  // Deleted refs have a row without a commit; nothing: there never was one of that name.
  Result<std::optional<RefRow>> Find(Connection& connection, const StoreState& state,
                                     std::string_view name);
  // All of them, by name, the deleted ones too.
  Result<std::map<std::string, RefRow, std::less<>>> All(Connection& connection,
                                                         const StoreState& state);
  // What a row of the log says.
  void Set(const std::string& name, const RefRow& row);
  void Clear();

 private:
  Status LoadAll(Connection& connection, const StoreState& state);

  mutable std::mutex mutex_;
  std::map<std::string, RefRow, std::less<>> rows_;
  bool is_complete_ = false;
};

// Writes a ref's row and brings the sum in `state` up to date.
Status WriteRef(Connection& connection, StoreState& state, std::string_view name,
                const RefRow& row);
// Calls visit(name, row, hash) for every row of the table.
Status VisitRefs(
    Connection& connection,
    const std::function<Status(std::string_view, const RefRow&, const Hash256&)>& visit);

}  // namespace rhizo::meta
