// Where the rows of a table are that have certain keys. Entries and stretches of them whose bounds
// leave no room for one of the keys are not read; of the others the key's columns are.
#pragma once

#include <span>
#include <vector>

#include "table/key_set.h"
#include "table/open_table.h"
#include "table/row_source.h"
#include "table/write.h"

namespace rhizo::table {

struct FoundKey {
  uint32_t entry = 0;   // index among the entries looked at
  uint32_t slot = 0;    // of its segment
  uint32_t number = 0;  // of the key
};

// In the order of the entries, which are of `table` or stored for its schema, and are looked at by
// several threads.
Result<std::vector<FoundKey>> FindKeys(const WriteContext& context, const OpenTable& table,
                                       std::span<const OpenEntry> entries, const KeySet& keys);
// In the whole table.
Result<std::vector<FoundKey>> FindKeys(const WriteContext& context, const OpenTable& table,
                                       const KeySet& keys);
// kConstraint naming row and key if one of the keys is in the table.
Status CheckKeysAreNew(const WriteContext& context, const OpenTable& table, const KeySet& keys);

// Key `number` was to be new.
Error KeyIsThere(const KeySet& keys, uint64_t number);

// kConstraint naming two rows if a key is in the table twice, or a row without a key. Reads the
// key's columns, more than once where there are many rows: memory is that of some million keys.
Status CheckKeysAreUnique(const WriteContext& context, const OpenTable& table,
                          std::span<const FieldId> key);

// Rows on their way, whose keys are taken down.
class KeyedRows final : public RowSource {
 public:
  KeyedRows(RowSource* rows, KeySet* keys) : rows_(rows), keys_(keys) {}
  const model::Schema& schema() const override { return rows_->schema(); }
  Result<bool> Next(duckdb::DataChunk* chunk) override;

 private:
  RowSource* const rows_;
  KeySet* const keys_;
};

}  // namespace rhizo::table
