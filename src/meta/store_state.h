// The one row that says how much there is: rewritten in place by every commit, always of the same
// length. Row 1 of table `state`:
//
//   last_seq u64 | folded_seq u64 | buckets u64 | entries u64 | log sum 40 | refs sum 40 | flags
//   u64
//
// Row 0 of the same table, written once: the format and its features (three sorted lists of names).
//   "rhizo.db" | format u32 | varint n, n strings | varint n, n strings | varint n, n strings
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "meta/row_checksum.h"
#include "meta/sqlite_connection.h"

namespace rhizo::meta {

struct StoreState {
  uint64_t last_seq = 0;    // rows 1..last_seq of `log` exist
  uint64_t folded_seq = 0;  // rows up to here are in `buckets` and `refs`
  uint64_t buckets = 1;     // rows 0..buckets-1 of `buckets` exist
  uint64_t entries = 0;     // in all buckets
  TableSum log;
  TableSum refs;
  bool has_unsynced =
      false;  // something was committed without durability since the last full commit
  friend bool operator==(const StoreState&, const StoreState&) = default;

  std::string Encode() const;
  static Result<StoreState> Decode(std::string_view value);
};

inline constexpr uint32_t kFormatNumber = 0;

struct StoreFormat {
  uint32_t number = kFormatNumber;
  std::vector<std::string> ignore_if_unknown;
  std::vector<std::string> read_only_if_unknown;
  std::vector<std::string> refuse_if_unknown;
  friend bool operator==(const StoreFormat&, const StoreFormat&) = default;

  std::string Encode() const;
  static Result<StoreFormat> Decode(std::string_view value);
  // kUnsupported naming the feature unless this program may open such a store (for writing).
  Status CheckSupported(bool for_writing) const;
};

Result<StoreState> ReadState(Connection& connection);
Status WriteState(Connection& connection, const StoreState& state);
Result<StoreFormat> ReadFormat(Connection& connection);
SealedRow SealState(const StoreState& state);
SealedRow SealFormat(const StoreFormat& format);

}  // namespace rhizo::meta
