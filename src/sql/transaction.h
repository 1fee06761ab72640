// Engine transactions of our catalog. Starting one is free, because DuckDB starts one in every
// catalog of the search path for each statement; the view is pinned at the first name looked up and
// kept, with every catalog entry handed out, until the transaction ends.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/duckdb_headers.h"
#include "sql/query_source.h"

namespace rhizo::sql {

class ViewTransaction final : public duckdb::Transaction {
 public:
  using duckdb::Transaction::Transaction;

  static ViewTransaction& Of(duckdb::ClientContext& client, duckdb::Catalog& catalog);
  // Of the main catalog; null if that is not ours.
  static ViewTransaction* OfMain(duckdb::ClientContext& client);

  // What names mean in this transaction; null on a connection without a session. Throws the
  // session's errors.
  std::shared_ptr<const txn::View> View(duckdb::ClientContext& client);
  // Holds a catalog entry, which DuckDB refers to by plain pointers.
  void Keep(std::shared_ptr<const void> entry);

 private:
  std::mutex mutex_;
  std::shared_ptr<const txn::View> view_;
  std::vector<std::shared_ptr<const void>> kept_;
};

class ViewTransactionManager final : public duckdb::TransactionManager {
 public:
  using duckdb::TransactionManager::TransactionManager;

  duckdb::Transaction& StartTransaction(duckdb::ClientContext& client) override;
  duckdb::ErrorData CommitTransaction(duckdb::ClientContext& client,
                                      duckdb::Transaction& transaction) override;
  void RollbackTransaction(duckdb::Transaction& transaction) override;
  void Checkpoint(duckdb::ClientContext&, bool) override {}

  size_t running() const;

 private:
  void End(duckdb::Transaction& transaction);

  mutable std::mutex mutex_;
  std::map<duckdb::Transaction*, std::unique_ptr<ViewTransaction>> transactions_;
};

}  // namespace rhizo::sql
