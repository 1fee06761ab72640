// Keys of rows, held in memory: none is there twice, and rows of a table can be looked up in them.
// Keys are equal if their fields are: text byte by byte, -0.0 as 0.0; NULL and NaN are none.
// Memory: the keys and 24 bytes each. Thread-safe once all keys are added.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/schema.h"
#include "table/held_rows.h"

namespace rhizo::table {

// kSchema if no key can be made of the fields: none or twice the same, of a type without equality.
Status CheckKeyFields(const model::Schema& schema, std::span<const FieldId> key);

// -0.0 becomes 0.0: equal keys have equal bits. `values`: flat.
void NormaliseKey(duckdb::Vector* values, duckdb::idx_t count);

class KeySet {
 public:
  // `key`: fields of the schema. Batches have the schema's fields.
  KeySet(const model::Schema& schema, std::span<const FieldId> key);

  // Of so many parts of all keys only part `part` is taken: a way to go through many keys in turn.
  void TakePart(uint64_t parts, uint64_t part);

  // Indexes of the key's fields in the schema.
  const std::vector<size_t>& fields() const { return fields_; }
  uint64_t size() const { return rows_.size(); }
  // The row, counted over all that were added, that key `number` is of.
  uint64_t RowOf(uint64_t number) const { return rows_[number]; }
  // "id 5, region 'north'".
  std::string Describe(uint64_t number) const;

  // Rows that come next. kConstraint naming rows and key: a NULL or NaN, a key that is there.
  Status Add(RowBatch& rows, uint64_t begin, uint64_t count);
  // Calls visit(number of the key, row) for each of the rows [begin, begin + count) whose key is
  // here. A row without a key has none.
  using Visit = std::function<void(uint64_t number, uint64_t row)>;
  Status Find(RowBatch& rows, uint64_t begin, uint64_t count, const Visit& visit) const;
  // Call once all are added: makes MayHold quick.
  void Sort();
  // False if no key has a first field within the bounds (order_prefix.h).
  bool MayHold(std::pair<uint64_t, uint64_t> prefixes) const;

 private:
  struct Candidate {
    uint64_t number = 0;
    uint64_t row = 0;
  };

  Result<std::unique_ptr<duckdb::DataChunk>> Load(RowBatch& rows, uint64_t begin,
                                                  uint64_t count) const;
  Status CheckNoneMissing(duckdb::DataChunk& keys, uint64_t count) const;
  Status OnlyEqual(duckdb::DataChunk& keys, std::vector<Candidate>* candidates) const;
  void Insert(uint64_t hash, uint64_t number);
  template <class Found>
  void Probe(uint64_t hash, Found&& found) const;
  Error Twice(const Candidate& candidate, uint64_t first_row) const;

  const model::Schema schema_;
  std::vector<size_t> fields_;
  std::vector<duckdb::LogicalType> types_;
  uint64_t parts_ = 1;
  uint64_t part_ = 0;
  uint64_t seen_ = 0;
  std::unique_ptr<HeldRows> kept_;
  std::vector<uint64_t> rows_;      // by key number
  std::vector<uint64_t> hashes_;    // by key number
  std::vector<uint32_t> slots_;     // open addressing: key number + 1, 0 is free
  std::vector<uint64_t> prefixes_;  // of the first field; sorted by Sort
};

}  // namespace rhizo::table
