// Tables in memory for tests: one engine per process, stores that hold everything in memory, rows
// as values.
#pragma once

#include <memory>
#include <vector>

#include "engine/instance.h"
#include "engine/testing/random_values.h"
#include "object/memory_object_store.h"
#include "object/staging.h"
#include "table/open_table.h"
#include "table/write.h"

namespace rhizo::table::testing {

using Row = std::vector<duckdb::Value>;
using TableRows = std::vector<Row>;

// One engine for all tests of a process.
engine::Instance& Engine();
duckdb::ClientContext& Client();

// Gives rows in chunks of `chunk_rows`.
class ValueRows final : public RowSource {
 public:
  ValueRows(const model::Schema& schema, const TableRows& rows,
            size_t chunk_rows = STANDARD_VECTOR_SIZE)
      : schema_(schema), rows_(rows), chunk_rows_(chunk_rows) {}
  const model::Schema& schema() const override { return schema_; }
  Result<bool> Next(duckdb::DataChunk* chunk) override;

 private:
  const model::Schema schema_;
  const TableRows rows_;
  const size_t chunk_rows_;
  size_t next_ = 0;
};

// A store of small objects without anything behind it.
class NoObjects final : public object::ObjectReader {
 public:
  Result<object::ObjectBytes> Read(const ObjectId& id) override {
    return Corruption("object " + id.Short() + " is missing");
  }
};

class Store {
 public:
  Store();

  WriteContext Context();
  object::Staging& staging() { return staging_; }
  object::MemoryObjectStore& large() { return large_; }
  ColumnCache& cache() { return cache_; }
  ReadContext Reading() { return {&staging_, &large_, &cache_}; }
  unsigned threads = 2;

  model::TableState NewTable(const model::Schema& schema);
  model::TableState Write(const model::TableState& state, const TableRows& rows,
                          WriteCounts* counts = nullptr);
  model::TableState Append(const model::TableState& state, const TableRows& rows);
  std::shared_ptr<const OpenTable> Open(const model::TableState& state);
  TableRows ReadAll(const model::TableState& state);
  Result<TableRows> TryReadAll(const model::TableState& state);

 private:
  object::Staging staging_;
  object::MemoryObjectStore large_;
  ColumnCache cache_;
  uint64_t next_ordinal_ = 0;
};

// The ids of all rows, in order.
std::vector<model::RowId> RowIds(Store& store, const model::TableState& state);
// The table has these rows, is whole, and stored as tables are: no id twice, no two entries where
// one belongs. Fails fatally.
void ExpectSound(Store& store, const model::TableState& state, const TableRows& rows);

// Rows as canonical bytes, so that NaNs and -0.0 compare by bits.
std::vector<std::vector<std::optional<std::string>>> Bits(const model::Schema& schema,
                                                          const TableRows& rows);
TableRows RandomRows(engine::Generator& random, const model::Schema& schema, size_t count);

// Fields c0, c1, ... with ids 1, 2, ... (nested ids follow).
model::Schema SchemaOf(std::vector<model::Type> types);
model::Type Of(model::TypeKind kind);

}  // namespace rhizo::table::testing
