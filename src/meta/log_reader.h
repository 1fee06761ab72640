// Answers from the log at one state: what is folded is found through `buckets`, the rest in the
// tail. Lives as long as one read transaction; the tail must stay as it is meanwhile.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "meta/log_tail.h"

namespace rhizo::meta {

class LogReader final {
 public:
  LogReader(Connection& connection, const StoreState& state, const LogTail& tail)
      : connection_(connection), state_(state), tail_(tail) {}

  // Verified; nothing if there is none of that id. kCorruption if it is not what its id says.
  Result<std::optional<std::string>> Object(const ObjectId& id);
  Result<std::optional<LandedTransaction>> Transaction(const TxnId& txn);
  // Looks only at what is not folded: enough for an id that was drawn at random.
  std::optional<LandedTransaction> RecentTransaction(const TxnId& txn);
  // Nothing if the ref has fewer moves.
  Result<std::optional<RefLogEntry>> Step(std::string_view ref, uint64_t number);
  Result<std::optional<TableVersion>> Version(const TableId& table, uint64_t number);
  // Zero if there is none. `at_least` is known to exist.
  Result<uint64_t> LastVersion(const TableId& table, uint64_t at_least);
  // The greatest of the numbers up to `newest` (which exists) that lies not after `txn` in the log;
  // `newest` if there is no such transaction.
  Result<uint64_t> LastVersionAsOf(const TableId& table, const TxnId& txn, uint64_t newest);
  // Ids of objects that begin with these hex digits, ascending, at most `limit`.
  Result<std::vector<ObjectId>> ObjectsByPrefix(std::string_view hex_prefix, size_t limit);
  // Ids, computed from their bytes, and sizes of the objects in one row.
  Status AppendObjectsTo(uint64_t seq, std::vector<std::pair<ObjectId, uint64_t>>& out);
  // kCorruption if the row is missing: rows are numbered densely.
  Result<SharedRecord> Record(uint64_t seq);

  Connection& connection() const { return connection_; }
  const StoreState& state() const { return state_; }

 private:
  Result<std::vector<Place>> Places(uint64_t key);
  // The row where it ended; zero if it never landed.
  Result<uint64_t> EndOf(const TxnId& txn);
  // Zero if there is no such version.
  Result<uint64_t> RowOf(const TableId& table, uint64_t number);
  Result<std::optional<std::string>> ObjectAt(const Place& place, const ObjectId& id);

  Connection& connection_;
  const StoreState& state_;
  const LogTail& tail_;
};

Error MissingRow(uint64_t seq);

}  // namespace rhizo::meta
