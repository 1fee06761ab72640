// Session and Transaction: many changes, one commit.
#include "base/id.h"
#include "db/describe.h"
#include "db/session_impl.h"

namespace rhizo {

Result<Transaction> Session::Begin(const CommitOptions& options) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->BeginTransaction(options));
  return Transaction(impl_);
}

Result<RetryTurn> Session::WaitForTurn(std::chrono::milliseconds timeout,
                                       const Cancellation& cancellation) {
  std::shared_ptr<db::Core> core;
  {
    std::lock_guard lock(impl_->mutex());
    RETURN_IF_ERROR(impl_->CheckWritable());
    core = impl_->shared_core();
  }
  return core->retry_gate().Wait(std::chrono::steady_clock::now() + timeout, cancellation);
}

Result<Resolution> Session::Resolve(const std::string& txn_id) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  auto id = TxnId::Parse(txn_id);
  if (!id) return InvalidArgument("txn_id \"" + txn_id + "\" is not 32 lower-case hex digits");
  ASSIGN_OR_RETURN(auto landed, impl_->repository().meta().FindTransaction(*id));
  if (landed)
    return Resolution{TxnOutcome::kCommitted,
                      landed->commit.IsZero() ? "" : landed->commit.ToString()};
  auto* open = impl_->open_transaction();
  if (open != nullptr && open->id() == *id) return Resolution{TxnOutcome::kUndecided, ""};
  return Resolution{TxnOutcome::kNotLanded, ""};
}

Transaction::Transaction(std::shared_ptr<SessionImpl> impl)
    : impl_(std::move(impl)), txn_id_(impl_->open_transaction()->id().ToString()) {}

Transaction::~Transaction() {
  if (impl_) static_cast<void>(Rollback().has_value());
}

Transaction::Transaction(Transaction&&) noexcept = default;
Transaction& Transaction::operator=(Transaction&& other) noexcept {
  if (this == &other) return *this;
  if (impl_) static_cast<void>(Rollback().has_value());
  impl_ = std::move(other.impl_);
  txn_id_ = std::move(other.txn_id_);
  return *this;
}

const std::string& Transaction::txn_id() const { return txn_id_; }

Result<CommitResult> Transaction::Commit() {
  if (!impl_) return InvalidArgument("this transaction has ended already");
  auto session = std::move(impl_);
  std::lock_guard lock(session->mutex());
  ASSIGN_OR_RETURN(auto committed, session->CommitTransaction());
  return db::Describe(committed);
}

Status Transaction::Rollback() {
  if (!impl_) return {};
  auto session = std::move(impl_);
  std::lock_guard lock(session->mutex());
  return session->RollbackTransaction();
}

}  // namespace rhizo
