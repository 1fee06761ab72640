#include "txn/branches.h"

#include "base/name.h"
#include "txn/ref_resolver.h"

namespace rhizo::txn {
namespace {

constexpr char kScratchPrefix[] = "scratch/";

std::string KindName(meta::RefKind kind) { return kind == meta::RefKind::kTag ? "tag" : "branch"; }

// Begins a write, moves refs, commits.
class RefChange {
 public:
  static Result<RefChange> Begin(Repository& repository) {
    RETURN_IF_ERROR(repository.CheckWritable());
    ASSIGN_OR_RETURN(auto session, repository.meta().BeginWrite(repository.options().busy_timeout));
    RETURN_IF_ERROR(repository.SettleUnsynced());
    RefChange change;
    change.session_ = std::move(session);
    change.publication_.txn = repository.random().DrawId<TxnId>();
    change.publication_.time = repository.clock().Now();
    return change;
  }

  meta::WriteSession& session() { return *session_; }
  void Move(meta::RefMove move) { publication_.moves.push_back(std::move(move)); }
  Status Publish() { return DropValue(session_->Publish(publication_)); }
  Status Commit() { return session_->Commit(); }

 private:
  static Status DropValue(Result<meta::Published> published) {
    if (!published) return std::move(published).error();
    return {};
  }

  std::unique_ptr<meta::WriteSession> session_;
  meta::Publication publication_;
};

Status CheckFree(Repository& repository, meta::WriteSession& session, const std::string& name) {
  RETURN_IF_ERROR(ValidateRefName(name));
  ASSIGN_OR_RETURN(auto taken, session.ReadRef(name));
  auto exists = [&](const meta::Ref& ref) {
    return Error(ErrorCode::kAlreadyExists,
                 "there is a " + KindName(ref.kind) + " \"" + ref.name + "\" already")
        .With("ref", ref.name);
  };
  if (taken) return exists(*taken);
  auto folded = FoldName(name);
  ASSIGN_OR_RETURN(auto refs, repository.meta().ListRefs());
  for (const auto& ref : refs) {
    if (FoldName(ref.name) == folded) return exists(ref);
  }
  return {};
}

Result<meta::Ref> Existing(Repository& repository, meta::WriteSession& session,
                           const std::string& name, meta::RefKind kind) {
  ASSIGN_OR_RETURN(auto ref, session.ReadRef(name));
  if (!ref) return UnknownRef(repository, name);
  if (ref->kind == kind) return *ref;
  return Error(ErrorCode::kBranchNotFound,
               "\"" + name + "\" is a " + KindName(ref->kind) + ", not a " + KindName(kind))
      .With("ref", name);
}

Status CheckDeletable(const meta::Ref& ref, const std::string& verb) {
  if (ref.name == kMainBranch) return InvalidArgument("the branch \"main\" cannot be " + verb);
  if (ref.is_protected) {
    return InvalidArgument("branch \"" + ref.name +
                           "\" is protected; set_branch(protected=False) before it can be " + verb);
  }
  return {};
}

Result<meta::Ref> ReadBack(Repository& repository, const std::string& name) {
  ASSIGN_OR_RETURN(auto ref, repository.meta().ReadRef(name));
  if (!ref) return UnknownRef(repository, name);
  return *ref;
}

Result<meta::Ref> Create(Repository& repository, const std::string& name, const CommitId& at,
                         meta::RefKind kind, const RefOptions& options) {
  ASSIGN_OR_RETURN(auto change, RefChange::Begin(repository));
  if (kind != meta::RefKind::kScratch)
    RETURN_IF_ERROR(CheckFree(repository, change.session(), name));
  change.Move({name, kind, std::nullopt, at, kind == meta::RefKind::kTag ? "tag" : "branch"});
  RETURN_IF_ERROR(change.Publish());
  if (options.expires || options.is_protected) {
    RETURN_IF_ERROR(change.session().SetRefOptions(name, options.expires,
                                                   options.is_protected.value_or(false)));
  }
  RETURN_IF_ERROR(change.Commit());
  return ReadBack(repository, name);
}

}  // namespace

Result<meta::Ref> CreateBranch(Repository& repository, const std::string& name, const CommitId& at,
                               const RefOptions& options) {
  return Create(repository, name, at, meta::RefKind::kBranch, options);
}

Result<meta::Ref> CreateTag(Repository& repository, const std::string& name, const CommitId& at) {
  return Create(repository, name, at, meta::RefKind::kTag, {});
}

Result<meta::Ref> CreateScratch(Repository& repository, const CommitId& at) {
  auto name = kScratchPrefix + repository.random().DrawId<TxnId>().ToString();
  return Create(repository, name, at, meta::RefKind::kScratch, {});
}

Status DeleteRef(Repository& repository, const std::string& name, meta::RefKind kind) {
  ASSIGN_OR_RETURN(auto change, RefChange::Begin(repository));
  ASSIGN_OR_RETURN(auto ref, Existing(repository, change.session(), name, kind));
  RETURN_IF_ERROR(CheckDeletable(ref, "deleted"));
  change.Move({name, kind, ref.commit, std::nullopt, "delete"});
  RETURN_IF_ERROR(change.Publish());
  return change.Commit();
}

Result<meta::Ref> RenameBranch(Repository& repository, const std::string& name,
                               const std::string& new_name) {
  ASSIGN_OR_RETURN(auto change, RefChange::Begin(repository));
  ASSIGN_OR_RETURN(auto current, change.session().ReadRef(name));
  auto kind = current && current->kind == meta::RefKind::kScratch ? meta::RefKind::kScratch
                                                                  : meta::RefKind::kBranch;
  ASSIGN_OR_RETURN(auto ref, Existing(repository, change.session(), name, kind));
  RETURN_IF_ERROR(CheckDeletable(ref, "renamed"));
  if (FoldName(name) != FoldName(new_name))
    RETURN_IF_ERROR(CheckFree(repository, change.session(), new_name));
  RETURN_IF_ERROR(ValidateRefName(new_name));
  change.Move({name, kind, ref.commit, std::nullopt, "rename to " + new_name});
  change.Move({new_name, meta::RefKind::kBranch, std::nullopt, ref.commit, "rename from " + name});
  RETURN_IF_ERROR(change.Publish());
  if (ref.expires) RETURN_IF_ERROR(change.session().SetRefOptions(new_name, ref.expires, false));
  RETURN_IF_ERROR(change.Commit());
  return ReadBack(repository, new_name);
}

Result<meta::Ref> UndeleteBranch(Repository& repository, const std::string& name) {
  ASSIGN_OR_RETURN(auto change, RefChange::Begin(repository));
  RETURN_IF_ERROR(CheckFree(repository, change.session(), name));
  ASSIGN_OR_RETURN(auto log, repository.meta().ReadRefLog(name, 1, UINT64_MAX));
  if (log.empty() || !log.back().old_commit) return UnknownRef(repository, name);
  change.Move({name, meta::RefKind::kBranch, std::nullopt, log.back().old_commit, "undelete"});
  RETURN_IF_ERROR(change.Publish());
  RETURN_IF_ERROR(change.Commit());
  return ReadBack(repository, name);
}

Result<meta::Ref> SetBranch(Repository& repository, const std::string& name,
                            const RefOptions& options) {
  ASSIGN_OR_RETURN(auto change, RefChange::Begin(repository));
  ASSIGN_OR_RETURN(auto ref, Existing(repository, change.session(), name, meta::RefKind::kBranch));
  auto expires = options.expires ? options.expires : ref.expires;
  RETURN_IF_ERROR(change.session().SetRefOptions(name, expires,
                                                 options.is_protected.value_or(ref.is_protected)));
  RETURN_IF_ERROR(change.Commit());
  return ReadBack(repository, name);
}

}  // namespace rhizo::txn
