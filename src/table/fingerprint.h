// One number for all rows of a table, whatever way they came and however they are stored: the
// schema's hash plus the sum of the rows' hashes, modulo 2^128 (docs/format/fingerprint.md). Equal
// tables have equal fingerprints; it guards against mistakes, not against attackers. The order of
// rows does not count. Costs what changed since it was last asked for: sums are remembered per
// entry and schema, as long as the process keeps them.
#pragma once

#include "table/open_table.h"
#include "table/write.h"

namespace rhizo::table {

struct Sum128 {
  uint64_t low = 0;
  uint64_t high = 0;

  void Add(const Sum128& other) {
    unsigned __int128 sum = Value() + other.Value();
    low = static_cast<uint64_t>(sum);
    high = static_cast<uint64_t>(sum >> 64);
  }
  unsigned __int128 Value() const { return static_cast<unsigned __int128>(high) << 64 | low; }
  std::string ToString() const;  // 32 hex digits
  friend bool operator==(const Sum128&, const Sum128&) = default;
};

// Entries are read by context.threads threads.
Result<Sum128> Fingerprint(const WriteContext& context, const OpenTable& table);

}  // namespace rhizo::table
