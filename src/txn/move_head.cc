#include "txn/move_head.h"

#include "txn/ref_resolver.h"

namespace rhizo::txn {
namespace {

Error NoBranch(Repository& repository, const std::string& name) {
  auto error = UnknownRef(repository, name);
  auto ref = repository.meta().ReadRef(name);
  if ((ref && *ref) || !ResolveRef(repository, name)) return error;
  return Error(ErrorCode::kBranchNotFound,
               "\"" + name + "\" is a commit, which stays where it is; name a branch")
      .With("ref", name);
}

// The ref, if it is still at `head`, under the writer lock.
struct Lock {
  std::unique_ptr<meta::WriteSession> session;
  std::optional<meta::Ref> ref;
};

Result<Lock> LockAt(Repository& repository, const std::string& branch, const CommitId& head) {
  RETURN_IF_ERROR(repository.CheckWritable());
  Lock lock;
  ASSIGN_OR_RETURN(lock.session, repository.meta().BeginWrite(repository.options().busy_timeout));
  RETURN_IF_ERROR(repository.CheckInPlace());
  RETURN_IF_ERROR(repository.SettleUnsynced());
  ASSIGN_OR_RETURN(lock.ref, lock.session->ReadRef(branch));
  if (!lock.ref || lock.ref->kind == meta::RefKind::kTag) return NoBranch(repository, branch);
  if (lock.ref->commit != head) lock.ref.reset();
  return lock;
}

Status Publish(meta::WriteSession& session, const meta::Publication& publication) {
  ASSIGN_OR_RETURN(auto published, session.Publish(publication));
  static_cast<void>(published);
  return {};
}

// A protected branch keeps the commits that it has.
Status CheckKeeps(Repository& repository, const meta::Ref& ref, const CommitId& target) {
  if (!ref.is_protected) return {};
  ASSIGN_OR_RETURN(auto commit, repository.ReadCommit(ref.commit));
  ASSIGN_OR_RETURN(bool keeps,
                   repository.ancestry().Contains(target, ref.commit, commit->generation));
  if (keeps) return {};
  return InvalidArgument("branch \"" + ref.name +
                         "\" is protected; set_branch(protected=False) before it can lose commits");
}

}  // namespace

Result<meta::Ref> ReadBranch(Repository& repository, const std::string& branch) {
  ASSIGN_OR_RETURN(auto ref, repository.meta().ReadRef(branch));
  if (!ref || ref->kind == meta::RefKind::kTag) return NoBranch(repository, branch);
  return std::move(*ref);
}

Result<Head> ReadHead(Repository& repository, const CommitId& id) {
  ASSIGN_OR_RETURN(auto commit, repository.ReadCommit(id));
  return Head{id, std::move(commit)};
}

Attempts::Attempts(const Repository& repository, std::string branch)
    : branch_(std::move(branch)), patience_(repository.options().busy_timeout) {}

Status Attempts::Begin() {
  auto now = std::chrono::steady_clock::now();
  // However long the first attempt took: the second may have less to do.
  if (begun_ == 1) end_ = now + patience_;
  bool is_late = begun_ > 1 && now >= end_;
  if (is_late) {
    return Error(ErrorCode::kBusy, "branch \"" + branch_ + "\" moved during each of " +
                                       std::to_string(begun_) +
                                       " attempts; nothing was changed, try again later")
        .With("branch", branch_);
  }
  ++begun_;
  return {};
}

Result<bool> MoveHead(Repository& repository, const std::string& branch, const CommitId& head,
                      const std::vector<NewCommit>& commits, const std::string& operation) {
  ASSIGN_OR_RETURN(auto lock, LockAt(repository, branch, head));
  if (!lock.ref) return false;
  // Commits that leave the head where it is come on top of it; others leave it.
  bool leaves = commits.front().commit->parents.front() != head;
  if (leaves && lock.ref->is_protected && commits.front().commit->parents.size() == 1) {
    RETURN_IF_ERROR(CheckKeeps(repository, *lock.ref, commits.front().commit->parents.front()));
  }
  CommitId at = head;
  for (const auto& made : commits) {
    meta::Publication publication;
    publication.txn = made.is_pure ? repository.random().DrawId<TxnId>() : made.commit->txn;
    publication.time = repository.clock().Now();
    publication.commit = made.id;
    publication.moves.push_back({branch, lock.ref->kind, at, made.id, operation});
    for (const auto& [id, bytes] : made.objects) publication.objects.push_back({id, *bytes});
    for (const auto& table : made.tables) {
      if (table.name) publication.versions.push_back({table.id, table.state_id});
    }
    RETURN_IF_ERROR(Publish(*lock.session, publication));
    at = made.id;
  }
  RETURN_IF_ERROR(lock.session->Commit());
  return true;
}

Result<bool> MoveHead(Repository& repository, const std::string& branch, const CommitId& head,
                      const CommitId& target, const std::string& operation) {
  ASSIGN_OR_RETURN(auto lock, LockAt(repository, branch, head));
  if (!lock.ref) return false;
  RETURN_IF_ERROR(CheckKeeps(repository, *lock.ref, target));
  meta::Publication publication;
  publication.txn = repository.random().DrawId<TxnId>();
  publication.time = repository.clock().Now();
  publication.moves.push_back({branch, lock.ref->kind, head, target, operation});
  RETURN_IF_ERROR(Publish(*lock.session, publication));
  RETURN_IF_ERROR(lock.session->Commit());
  return true;
}

}  // namespace rhizo::txn
