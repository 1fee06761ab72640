// Small tables for tests: rows of one BIGINT and one VARCHAR column, made and read back without an
// engine.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "table/row_source.h"
#include "txn/transaction.h"

namespace rhizo::txn::testing {

using Row = std::pair<int64_t, std::string>;
using Rows = std::vector<Row>;

model::Schema TwoColumns();

class VectorRows final : public table::RowSource {
 public:
  explicit VectorRows(Rows rows) : rows_(std::move(rows)), schema_(TwoColumns()) {}
  const model::Schema& schema() const override { return schema_; }
  Result<bool> Next(duckdb::DataChunk* chunk) override;

 private:
  const Rows rows_;
  const model::Schema schema_;
  size_t next_ = 0;
};

// Rows first..first+count-1 with text "r<n>".
Rows Numbered(int64_t first, int64_t count);

Result<Change> WriteTo(Transaction& transaction, const std::string& table, Rows rows);
Result<Change> AppendTo(Transaction& transaction, const std::string& table, Rows rows);
// All rows of a table in order; CHECKs that it is there.
Rows ReadAll(const View& view, const std::string& table);

// Begin on `branch`, run, commit.
Result<Committed> CommitRows(const std::shared_ptr<Repository>& repository,
                             const std::string& table, Rows rows, bool append,
                             const std::string& branch = kMainBranch);

}  // namespace rhizo::txn::testing
