#include "txn/committer.h"

namespace rhizo::txn {
namespace {

Error BranchGone(const std::string& branch) {
  return Error(ErrorCode::kConflict,
               "commit: branch \"" + branch + "\" was deleted or renamed meanwhile")
      .With("branch", branch);
}

// What happened to a whole group, said to each of its members with its own id.
Error ForMember(const Error& error, const TxnId& txn) {
  Error copy = error;
  return std::move(copy).With("txn_id", txn.ToString());
}

}  // namespace

Result<Committed> Committer::Commit(Transaction& transaction, const CommitText& text) {
  Request request{&transaction, &text, {}, {}};
  ASSIGN_OR_RETURN(auto ref, repository_->meta().ReadRef(transaction.branch()));
  if (!ref || ref->kind == meta::RefKind::kTag) return BranchGone(transaction.branch());
  ASSIGN_OR_RETURN(auto commit, repository_->ReadCommit(ref->commit));
  ASSIGN_OR_RETURN(request.prepared, transaction.Prepare({ref->commit, commit}, text));
  if (request.prepared.tables.empty())
    return Committed{{}, transaction.id(), transaction.snapshot().id, {}};

  std::unique_lock lock(mutex_);
  waiting_.push_back(&request);
  while (!request.outcome) {
    if (leading_) {
      done_.wait(lock);
    } else {
      Lead(&lock);
    }
  }
  return std::move(*request.outcome);
}

void Committer::Lead(std::unique_lock<std::mutex>* lock) {
  leading_ = true;
  auto batch = std::move(waiting_);
  waiting_.clear();
  lock->unlock();
  auto outcomes = Publish(batch);
  lock->lock();
  // Only now, after the group is durable: whoever sees its outcome takes it for acknowledged.
  for (size_t i = 0; i < batch.size(); ++i) batch[i]->outcome = std::move(outcomes[i]);
  leading_ = false;
  done_.notify_all();
}

std::vector<Result<Committed>> Committer::Publish(const std::deque<Request*>& batch) {
  std::vector<Result<Committed>> outcomes;
  auto session = repository_->meta().BeginWrite(repository_->options().busy_timeout);
  Status status = session ? repository_->CheckInPlace() : Status(session.error());
  if (status) status = repository_->SettleUnsynced();
  if (status) {
    for (auto* request : batch) outcomes.push_back(PublishOne(**session, *request));
    status = (*session)->Commit();
    repository_->ForgetUnpublished();
  }
  if (status) return outcomes;
  // Nothing of the group landed (or nobody can say): what conflicted stays a conflict.
  for (size_t i = 0; i < batch.size(); ++i) {
    auto failed = ForMember(status.error(), batch[i]->transaction->id());
    if (i == outcomes.size()) {
      outcomes.push_back(std::move(failed));
    } else if (outcomes[i]) {
      outcomes[i] = std::move(failed);
    }
  }
  return outcomes;
}

Status Committer::PlaceOnHead(meta::WriteSession& session, Request& request) {
  ASSIGN_OR_RETURN(auto ref, session.ReadRef(request.transaction->branch()));
  if (!ref || ref->kind == meta::RefKind::kTag) return BranchGone(request.transaction->branch());
  if (ref->commit == request.prepared.head.id) return {};
  ASSIGN_OR_RETURN(auto commit, repository_->ReadCommit(ref->commit));
  ASSIGN_OR_RETURN(request.prepared,
                   request.transaction->Prepare({ref->commit, commit}, *request.text));
  return {};
}

Result<Committed> Committer::PublishOne(meta::WriteSession& session, Request& request) {
  RETURN_IF_ERROR(PlaceOnHead(session, request));
  const auto& prepared = request.prepared;
  const auto& transaction = *request.transaction;
  if (prepared.tables.empty())
    return Committed{{}, transaction.id(), transaction.snapshot().id, {}};
  meta::Publication publication;
  publication.txn = transaction.id();
  publication.txn_from_caller = transaction.id_is_from_caller();
  publication.commit = prepared.id;
  publication.time = prepared.commit->time;
  for (const auto& [id, bytes] : prepared.small_objects)
    publication.objects.push_back({id, *bytes});
  publication.moves.push_back(
      {transaction.branch(), meta::RefKind::kBranch, prepared.head.id, prepared.id, "commit"});
  for (const auto& table : prepared.tables) {
    if (table.name) publication.versions.push_back({table.id, table.state_id});
  }
  ASSIGN_OR_RETURN(auto published, session.Publish(publication));
  for (const auto& [id, bytes] : prepared.small_objects) repository_->ShowUnpublished(id, bytes);
  return Describe(request, published);
}

Result<Committed> Committer::Describe(const Request& request,
                                      const meta::Published& published) const {
  Committed committed{
      request.prepared.id, request.transaction->id(), request.transaction->snapshot().id, {}};
  size_t next_version = 0;
  for (const auto& table : request.prepared.tables) {
    CommittedTable described{table.id, table.summary.name, 0,
                             request.transaction->CountsOf(table.id), table.summary};
    if (table.name) described.version = published.version_numbers[next_version++];
    committed.tables.push_back(std::move(described));
  }
  return committed;
}

}  // namespace rhizo::txn
