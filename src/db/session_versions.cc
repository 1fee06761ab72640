// Session: commits, branches, tags, and other sessions.
#include <algorithm>

#include "db/describe.h"
#include "db/session_impl.h"
#include "model/history.h"
#include "txn/branches.h"
#include "txn/ref_resolver.h"

namespace rhizo {
namespace {

txn::RefOptions Internal(const BranchOptions& options) {
  txn::RefOptions result;
  if (options.expires_micros) result.expires = Timestamp{*options.expires_micros};
  result.is_protected = options.is_protected;
  return result;
}

Result<BranchInfo> AsBranch(Result<meta::Ref> ref) {
  if (!ref) return std::move(ref).error();
  return db::DescribeBranch(*ref);
}

bool Concerns(const model::Commit& commit, const std::string& table) {
  return table.empty() || std::any_of(commit.tables.begin(), commit.tables.end(),
                                      [&](const auto& summary) { return summary.name == table; });
}

}  // namespace

Result<CommitInfo> Session::Head() { return Show(""); }

Result<CommitInfo> Session::Show(const std::string& ref) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  auto& repository = impl_->repository();
  ASSIGN_OR_RETURN(auto id, impl_->ResolvePoint(ref));
  ASSIGN_OR_RETURN(auto commit, repository.ReadCommit(id));
  ASSIGN_OR_RETURN(auto refs, repository.meta().ListRefs());
  return db::Describe(repository, id, *commit, refs);
}

Result<std::vector<CommitInfo>> Session::Log(const std::string& ref, uint64_t limit,
                                             const std::string& table) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  auto& repository = impl_->repository();
  ASSIGN_OR_RETURN(auto head, impl_->ResolvePoint(ref));
  ASSIGN_OR_RETURN(auto refs, repository.meta().ListRefs());
  auto load = [&](const CommitId& id) -> Result<model::Commit> {
    ASSIGN_OR_RETURN(auto commit, repository.ReadCommit(id));
    return *commit;
  };
  model::LogWalker walker(load, {head});
  std::vector<CommitInfo> log;
  while (limit == 0 || log.size() < limit) {
    ASSIGN_OR_RETURN(auto item, walker.Next());
    if (!item) break;
    if (!Concerns(item->second, table)) continue;
    ASSIGN_OR_RETURN(auto info, db::Describe(repository, item->first, item->second, refs));
    log.push_back(std::move(info));
  }
  return log;
}

Result<std::vector<BranchInfo>> Session::Branches() {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  ASSIGN_OR_RETURN(auto refs, impl_->repository().meta().ListRefs());
  std::vector<BranchInfo> branches;
  for (const auto& ref : refs) {
    if (ref.kind == meta::RefKind::kBranch) branches.push_back(db::DescribeBranch(ref));
  }
  return branches;
}

Result<std::vector<TagInfo>> Session::Tags() {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  ASSIGN_OR_RETURN(auto refs, impl_->repository().meta().ListRefs());
  std::vector<TagInfo> tags;
  for (const auto& ref : refs) {
    if (ref.kind == meta::RefKind::kTag) tags.push_back({ref.name, ref.commit.ToString()});
  }
  return tags;
}

Result<BranchInfo> Session::CreateBranch(const std::string& name, const std::string& from,
                                         const BranchOptions& options) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckIdle("create_branch"));
  ASSIGN_OR_RETURN(auto at, impl_->ResolvePoint(from));
  return AsBranch(txn::CreateBranch(impl_->repository(), name, at, Internal(options)));
}

Status Session::DeleteBranch(const std::string& name) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckIdle("delete_branch"));
  if (name == impl_->branch())
    return InvalidArgument("branch \"" + name +
                           "\" is where this session stands; checkout another first");
  return txn::DeleteRef(impl_->repository(), name, meta::RefKind::kBranch);
}

Status Session::RenameBranch(const std::string& name, const std::string& new_name) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckIdle("rename_branch"));
  ASSIGN_OR_RETURN(auto renamed, txn::RenameBranch(impl_->repository(), name, new_name));
  if (impl_->branch() == name) impl_->MoveToBranch(renamed.name);
  return {};
}

Result<BranchInfo> Session::UndeleteBranch(const std::string& name) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckIdle("undelete_branch"));
  return AsBranch(txn::UndeleteBranch(impl_->repository(), name));
}

Result<BranchInfo> Session::SetBranch(const std::string& name, const BranchOptions& options) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckIdle("set_branch"));
  return AsBranch(txn::SetBranch(impl_->repository(), name, Internal(options)));
}

Result<TagInfo> Session::CreateTag(const std::string& name, const std::string& at) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckIdle("tag"));
  ASSIGN_OR_RETURN(auto commit, impl_->ResolvePoint(at));
  ASSIGN_OR_RETURN(auto ref, txn::CreateTag(impl_->repository(), name, commit));
  return TagInfo{ref.name, ref.commit.ToString()};
}

Status Session::DeleteTag(const std::string& name) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckIdle("delete_tag"));
  return txn::DeleteRef(impl_->repository(), name, meta::RefKind::kTag);
}

Result<std::vector<RefLogInfo>> Session::RefLog(const std::string& ref, uint64_t limit) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  std::string name = ref.empty() ? impl_->branch() : ref;
  if (name.empty())
    return InvalidArgument("reflog: a snapshot has no log of its own; name a branch");
  ASSIGN_OR_RETURN(auto entries, impl_->repository().meta().ReadRefLog(name, 1, UINT64_MAX));
  if (entries.empty()) return txn::UnknownRef(impl_->repository(), name);
  std::vector<RefLogInfo> log;
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    if (limit != 0 && log.size() == limit) break;
    log.push_back(db::Describe(*entry));
  }
  return log;
}

Result<std::string> Session::CurrentBranch() {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  return impl_->is_scratch() ? std::string() : impl_->branch();
}

Status Session::Checkout(const std::string& branch, bool create) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckIdle("checkout"));
  if (impl_->is_scratch())
    return InvalidArgument("a scratch session stays where it is; keep() names it");
  auto& repository = impl_->repository();
  if (create) {
    ASSIGN_OR_RETURN(auto head, impl_->HeadCommit());
    RETURN_IF_ERROR(txn::CreateBranch(repository, branch, head, {}));
  }
  ASSIGN_OR_RETURN(auto ref, repository.meta().ReadRef(branch));
  if (!ref) return txn::UnknownRef(repository, branch);
  if (ref->kind == meta::RefKind::kTag) {
    return Error(ErrorCode::kBranchNotFound, "\"" + branch + "\" is a tag; at() reads it")
        .With("ref", branch);
  }
  impl_->MoveToBranch(branch);
  return {};
}

Result<Session> Session::On(const std::string& branch) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  ASSIGN_OR_RETURN(auto session,
                   SessionImpl::OnBranch(impl_->shared_core(), branch, impl_->author()));
  return Session(std::move(session));
}

Result<Session> Session::At(const std::string& ref) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  ASSIGN_OR_RETURN(auto commit, impl_->ResolvePoint(ref));
  auto session = SessionImpl::AtCommit(impl_->shared_core(), commit, impl_->author());
  RETURN_IF_ERROR(session->CurrentView());  // pinned from now on
  return Session(std::move(session));
}

Result<Session> Session::Scratch() {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckIdle("scratch"));
  ASSIGN_OR_RETURN(auto head, impl_->HeadCommit());
  ASSIGN_OR_RETURN(auto ref, txn::CreateScratch(impl_->repository(), head));
  ASSIGN_OR_RETURN(auto session,
                   SessionImpl::OnBranch(impl_->shared_core(), ref.name, impl_->author(), true));
  return Session(std::move(session));
}

Result<Session> Session::Again() {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckOpen());
  if (impl_->branch().empty()) {
    ASSIGN_OR_RETURN(auto head, impl_->HeadCommit());
    return Session(SessionImpl::AtCommit(impl_->shared_core(), head, impl_->author()));
  }
  ASSIGN_OR_RETURN(auto session,
                   SessionImpl::OnBranch(impl_->shared_core(), impl_->branch(), impl_->author()));
  return Session(std::move(session));
}

Result<BranchInfo> Session::Keep(const std::string& name) {
  std::lock_guard lock(impl_->mutex());
  RETURN_IF_ERROR(impl_->CheckIdle("keep"));
  if (!impl_->is_scratch()) return InvalidArgument("keep: this session is not a scratch session");
  ASSIGN_OR_RETURN(auto ref, txn::RenameBranch(impl_->repository(), impl_->branch(), name));
  RETURN_IF_ERROR(impl_->BecomeNamed(ref.name));
  return db::DescribeBranch(ref);
}

}  // namespace rhizo
