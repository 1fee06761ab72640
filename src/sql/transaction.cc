#include "sql/transaction.h"

#include "engine/errors.h"
#include "sql/catalog.h"
#include "sql/session_state.h"

namespace rhizo::sql {

ViewTransaction& ViewTransaction::Of(duckdb::ClientContext& client, duckdb::Catalog& catalog) {
  return duckdb::Transaction::Get(client, catalog).Cast<ViewTransaction>();
}

ViewTransaction* ViewTransaction::OfMain(duckdb::ClientContext& client) {
  auto& catalog =
      duckdb::Catalog::GetCatalog(client, duckdb::DatabaseManager::GetDefaultDatabase(client));
  if (catalog.GetCatalogType() != Catalog::kType) return nullptr;
  return &Of(client, catalog);
}

std::shared_ptr<const txn::View> ViewTransaction::View(duckdb::ClientContext& client) {
  auto session = SessionState::Find(client);
  std::lock_guard lock(mutex_);
  if (view_ || !session) return view_;
  view_ = engine::ValueOrThrow(session->View());
  return view_;
}

void ViewTransaction::Keep(std::shared_ptr<const void> entry) {
  std::lock_guard lock(mutex_);
  kept_.push_back(std::move(entry));
}

duckdb::Transaction& ViewTransactionManager::StartTransaction(duckdb::ClientContext& client) {
  auto transaction = std::make_unique<ViewTransaction>(*this, client);
  auto& started = *transaction;
  std::lock_guard lock(mutex_);
  transactions_.emplace(&started, std::move(transaction));
  return started;
}

duckdb::ErrorData ViewTransactionManager::CommitTransaction(duckdb::ClientContext&,
                                                            duckdb::Transaction& transaction) {
  End(transaction);
  return duckdb::ErrorData();
}

void ViewTransactionManager::RollbackTransaction(duckdb::Transaction& transaction) {
  End(transaction);
}

size_t ViewTransactionManager::running() const {
  std::lock_guard lock(mutex_);
  return transactions_.size();
}

// The transaction dies outside of the lock: with its view a whole database may go.
void ViewTransactionManager::End(duckdb::Transaction& transaction) {
  std::unique_ptr<ViewTransaction> ended;
  std::lock_guard lock(mutex_);
  auto found = transactions_.find(&transaction);
  CHECK(found != transactions_.end());
  ended = std::move(found->second);
  transactions_.erase(found);
}

}  // namespace rhizo::sql
