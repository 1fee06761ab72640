// Publishes prepared commits. Commits of one process that arrive together share one durable write:
// the first becomes leader, takes everybody who waits, and publishes all in one transaction of the
// metadata store, each on top of the one before. A commit whose head moved is placed anew under the
// writer lock, so it lands or conflicts, but never has to try again. Thread-safe.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "txn/transaction.h"

namespace rhizo::txn {

class Committer {
 public:
  explicit Committer(Repository* repository) : repository_(repository) {}

  // Durable when it returns OK. kConflict (nothing applied), kCommitUnknown (field "txn_id": ask
  // Resolve).
  Result<Committed> Commit(Transaction& transaction, const CommitText& text);

 private:
  struct Request {
    Transaction* transaction = nullptr;
    const CommitText* text = nullptr;
    PreparedCommit prepared;
    std::optional<Result<Committed>> outcome;  // under mutex_; set once durable
  };

  void Lead(std::unique_lock<std::mutex>* lock);
  // One outcome for each request, after the group is durable or failed as a whole.
  std::vector<Result<Committed>> Publish(const std::deque<Request*>& batch);
  Result<Committed> PublishOne(meta::WriteSession& session, Request& request);
  Status PlaceOnHead(meta::WriteSession& session, Request& request);
  Result<Committed> Describe(const Request& request, const meta::Published& published) const;

  Repository* const repository_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::deque<Request*> waiting_;
  bool leading_ = false;
};

}  // namespace rhizo::txn
