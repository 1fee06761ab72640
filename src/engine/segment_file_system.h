// Stored objects as DuckDB files: `rhizoseg://<64 hex digits>`. Only a thread that holds a
// SegmentAccess may open or read one, and it reads through the source given there; SQL has no way
// to hold one, so read_parquet('rhizoseg://...') is refused. Nothing can be listed, written or
// removed.
#pragma once

#include <span>
#include <string>

#include "base/id.h"
#include "base/result.h"
#include "engine/duckdb_headers.h"

namespace rhizo::engine {

// Where segment bytes come from. Thread-safe.
class SegmentSource {
 public:
  virtual ~SegmentSource() = default;
  virtual Result<uint64_t> Size(const ObjectId& id) = 0;
  // Fills all of `out`; a range outside the object is kCorruption.
  virtual Status ReadAt(const ObjectId& id, uint64_t offset, std::span<char> out) = 0;
};

// Lets the current thread read segments from `source` while it lives. Nests.
class SegmentAccess {
 public:
  explicit SegmentAccess(SegmentSource* source);
  ~SegmentAccess();
  SegmentAccess(const SegmentAccess&) = delete;
  SegmentAccess& operator=(const SegmentAccess&) = delete;

 private:
  SegmentSource* outer_;
};

inline constexpr char kSegmentScheme[] = "rhizoseg://";
std::string SegmentPath(const ObjectId& id);

duckdb::unique_ptr<duckdb::FileSystem> MakeSegmentFileSystem();

}  // namespace rhizo::engine
