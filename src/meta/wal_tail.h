// The write-ahead log seen from outside SQLite: what SQLite itself does not tell. The WAL is a
// header of 32 bytes and frames (24 bytes and a page each); frames 1..n that chain from the header
// are committed, whatever follows is what a failed or interrupted commit left ("leftover"). SQLite
// ignores leftovers as long as the shared index lives, but after a crash it reads the file alone: a
// leftover that is whole would land then. So nobody may answer "did not land" while there is one.
// (SQLite's documentation: "WAL-mode File Format".)
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/result.h"
#include "meta/sqlite_connection.h"

namespace rhizo::meta {

struct WalPosition {
  uint64_t fingerprint = 0;  // of the whole index header: another value after every commit; never 0
  uint32_t frames = 0;       // committed frames
  uint32_t page_bytes = 0;
  std::array<char, 8> salts{};

  uint64_t FrameOffset(uint64_t number) const { return 32 + (number - 1) * (24 + page_bytes); }
  uint64_t SizeBytes() const { return frames == 0 ? 0 : FrameOffset(frames + uint64_t{1}); }
};

// The header of the shared WAL index, mapped by SQLite. Valid while the connection is open.
// Thread-safe.
class WalIndexView final {
 public:
  // `connection` must have read something. `page_bytes` is the database's page size (the index
  // knows it only after the first commit).
  static Result<WalIndexView> Open(Connection& connection, uint32_t page_bytes);
  WalIndexView() = default;

  bool is_open() const { return header_ != nullptr; }
  // Nothing while somebody writes it, or if its writer died: read through SQLite then, which
  // repairs it.
  std::optional<WalPosition> Read() const;

 private:
  WalIndexView(const volatile uint32_t* header, uint32_t page_bytes)
      : header_(header), page_bytes_(page_bytes) {}
  const volatile uint32_t* header_ = nullptr;
  uint32_t page_bytes_ = 0;
};

// Whether a frame of this generation of the WAL follows the committed ones. Exact under the writer
// lock; without it, true may also mean that somebody is committing.
Result<bool> HasLeftover(Connection& connection, const WalPosition& position);

// Cuts the file behind the committed frames and makes that durable: what was left never lands.
// Under the writer lock only.
Status DropLeftover(Connection& connection, const WalPosition& position);

struct WalScan {
  bool has_leftover = false;  // a frame of this generation lies anywhere behind the committed ones
  // At least two transactions lie there. Each was durable before the next began, so no crash
  // explains that: a bit of the first one is wrong. (One lost transaction at the end cannot be told
  // from one that a crash interrupted.)
  bool is_damaged = false;
};

// Looks at everything behind the committed frames. Under the writer lock only. kCorruption if the
// header of the WAL is damaged, for then nothing of it was taken.
Result<WalScan> ScanWal(Connection& connection, const WalPosition& position);

}  // namespace rhizo::meta
