// Rows of one BIGINT and one VARCHAR column, written with an engine (so that large tables become
// Parquet files) and read back without stopping at the first error.
#pragma once

#include <map>
#include <random>
#include <set>
#include <string>

#include "engine/instance.h"
#include "txn/committer.h"
#include "txn/repository.h"
#include "txn/testing/rows.h"

namespace rhizo::tests {

using txn::testing::Numbered;
using txn::testing::Row;
using txn::testing::Rows;

// One engine per process; never destroyed, so that it outlives what it decoded.
engine::Instance& Engine();

// Texts that do not compress: 300 rows of 400 characters are more than a small object.
Rows LargeRows(int64_t first, std::mt19937_64& random);
std::string RandomText(size_t length, std::mt19937_64& random);

model::QualifiedName Name(const std::string& text);
Result<txn::Change> Write(txn::Transaction& transaction, const std::string& table, Rows rows);
Result<txn::Change> Append(txn::Transaction& transaction, const std::string& table, Rows rows);

// By their number in the table: rows that get another text, rows that go.
struct RowChanges {
  std::map<size_t, std::string> updates;
  std::set<size_t> deletes;
};
Result<txn::Change> Change(txn::Transaction& transaction, const std::string& table,
                           const RowChanges& changes);

// All rows of a table in order. kTableNotFound.
Result<Rows> Read(const txn::View& view, const std::string& table);
Result<std::shared_ptr<const txn::View>> ViewOfBranch(txn::Repository& repository,
                                                      const std::string& branch = txn::kMainBranch);
Result<Rows> ReadHead(txn::Repository& repository, const std::string& table);

}  // namespace rhizo::tests
