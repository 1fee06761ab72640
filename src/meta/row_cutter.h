// Cuts what a transaction publishes into rows of the log, each small enough that reading one thing
// of it stays cheap. Not thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "meta/log_record.h"

namespace rhizo::meta {

struct PendingRow {
  LogRecord record;
  std::string bodies;
};

class RowCutter final {
 public:
  // Every row carries the transaction, commit and time of `header`.
  explicit RowCutter(LogRecord header) : header_(std::move(header)) { Begin(); }

  void Add(RefStep step);
  void Add(VersionEntry version);
  void Add(const NewObject& object);
  // The rows, the last of them final.
  std::vector<PendingRow> Finish() &&;

 private:
  void Begin();
  // Begins a new row if this one has no room for so much more.
  void MakeRoom(size_t head_bytes, size_t body_bytes);

  const LogRecord header_;
  std::vector<PendingRow> rows_;
  size_t items_ = 0;
  size_t head_bytes_ = 0;
};

}  // namespace rhizo::meta
