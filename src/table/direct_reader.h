// Reads entries past the column cache: at the first touch under a filter it is cheaper to let the
// Parquet reader skip what cannot pass than to decode whole columns for a cache that may never be
// asked again. One thread's work.
#pragma once

#include <memory>
#include <vector>

#include "engine/duckdb_headers.h"
#include "table/open_table.h"
#include "table/segment_reader.h"

namespace rhizo::table {

class DirectReader {
 public:
  // `fields`: indexes into table.schema().fields; `filters`: by position in `fields`. Both outlive
  // this object.
  DirectReader(duckdb::ClientContext& client, const OpenTable& table,
               const std::vector<size_t>& fields, const duckdb::TableFilterSet& filters)
      : client_(client), table_(table), fields_(fields), filters_(filters) {}

  // Starts reading `entry`, unless it must be read through the cache: false then. Columns are
  // noted as touched; one that was touched before under a filter belongs into the cache.
  Result<bool> Start(const OpenEntry& entry);
  // The next rows that pass, at least one, a column per field; valid until the next call. Null at
  // the end.
  Result<duckdb::DataChunk*> Next() { return file_->NextFiltered(); }

 private:
  // Of each field in info.fields; empty: this entry cannot be read so.
  std::vector<size_t> Indexes(const OpenEntry& entry) const;
  bool IsFirstTouch(const OpenEntry& entry) const;

  duckdb::ClientContext& client_;
  const OpenTable& table_;
  const std::vector<size_t>& fields_;
  const duckdb::TableFilterSet& filters_;
  std::unique_ptr<SegmentFile> file_;
};

}  // namespace rhizo::table
