// Rows into segments. Encoding happens here, long before anything is published: large segments go
// to the object store at once (unreferenced until then), everything else into the transaction's
// staging area.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "engine/duckdb_headers.h"
#include "engine/instance.h"
#include "model/entry.h"
#include "model/table_state.h"
#include "object/object_store.h"
#include "object/staging.h"
#include "table/open_table.h"
#include "table/row_source.h"

namespace rhizo::table {

// Whole rows on their way into a table; `number_of` says what a row of the chunk is called, from 0.
using CheckRows = std::function<Status(duckdb::DataChunk& rows,
                                       const std::function<uint64_t(duckdb::idx_t)>& number_of)>;

// One transaction's means to write.
struct WriteContext {
  engine::Instance* engine = nullptr;  // encodes Parquet; small tables never touch it
  ReadContext read;                    // read.small is the staging area
  object::Staging* staging = nullptr;
  TxnId txn;
  uint64_t* next_ordinal = nullptr;  // for derived ids; counts up over the whole transaction
  unsigned threads = 1;
  std::function<Status(uint64_t rows_done)> progress;  // may cancel
  CheckRows check;                                     // null: every row is fine
};

struct WriteCounts {
  uint64_t rows = 0;
  uint64_t rows_inserted = 0;
  uint64_t rows_updated = 0;  // rows that stayed, with another value in some field
  uint64_t rows_deleted = 0;
  uint64_t rows_unchanged = 0;  // that were looked at and are as they were
  uint64_t segments_new = 0;
  uint64_t segments_reused = 0;
  uint64_t new_bytes = 0;     // encoded bytes of new segments, blocks and patches
  uint64_t reused_bytes = 0;  // of those taken as they were
};

// A new table state for `state` holding exactly the rows of `rows` in order; what is stored is what
// differs. Old entries and new rows are walked together: entries whose fields have equal content
// keys are taken as they are, nothing old is read; of others only fields that differ are compared,
// and become patches; where rows came or went, rows are aligned by hash within a window, gone ones
// are hidden, new ones become segments between; where most changed, rows are encoded anew, in
// parallel, streaming. Rows that stay keep their ids and places. `state` brings id, schema,
// policies; its tree may be empty (ObjectId zero). Memory: a segment's rows, old and new, per
// thread.
struct Written {
  model::TableState state;
  WriteCounts counts;
};
Result<Written> WriteRows(const WriteContext& context, const model::TableState& state,
                          RowSource* rows);

// Rows encoded for the end of a table, not yet placed: which first digit they get depends on the
// state they are placed on, and a transaction may be placed again on a head that moved.
class KeySet;
struct EncodedRows {
  std::vector<model::SegmentEntry>
      entries;  // runs hold births and positions; digits are placeholders
  WriteCounts counts;
  std::shared_ptr<const KeySet> keys;  // theirs, for a table with a key
};
Result<EncodedRows> EncodeRows(const WriteContext& context, const model::Schema& schema,
                               RowSource* rows);

// `onto` with `rows` behind its last row: first digits greater than every first digit of `onto`.
// `onto` may have a schema newer than the rows were encoded for, if every encoded field is still in
// it.
Result<model::TableState> PlaceAtEnd(const WriteContext& context, const model::TableState& onto,
                                     const EncodedRows& rows);

// Folds the tail of small row blocks, size-tiered (two neighbours are joined while the later one is
// at least as large, up to 2,048 rows and 64 KiB): rows keep ids and places. Only when nobody else
// committed meanwhile.
Result<model::TableState> FoldTail(const WriteContext& context, const model::TableState& state);

// A table state and all objects below it, parents first, for reachability and verification: `visit`
// gets every object id with whether it is a large one, and returns false to stop descending below.
using VisitObject = std::function<Result<bool>(const ObjectId& id, bool is_large)>;
Status ForEachObject(const ReadContext& context, const ObjectId& table_state,
                     const VisitObject& visit);

// Reads everything of a table and checks ids, chunk hashes, content keys, statistics, counts and
// order. kCorruption names the object (field "object") and what does not hold. Segments, blocks and
// patches in `verified` were verified with another state and are not read again; what this call
// verifies is added, so that many versions of a table are read once.
Status VerifyTable(const ReadContext& context, engine::Instance* engine,
                   const ObjectId& table_state, std::unordered_set<ObjectId>* verified = nullptr);

}  // namespace rhizo::table
