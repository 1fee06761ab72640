// Session: undoing and doing again what commits did, and moving a branch.
#include "db/merge_report.h"
#include "db/session_impl.h"
#include "txn/replay.h"

namespace rhizo {
namespace {

using txn::Replayed;

txn::ReplayOptions Internal(const SessionImpl& session, const ReplayOptions& options) {
  return {session.author(), options.message, options.parent, db::FavourOf(options.strategy)};
}

Result<HeadMove> Describe(const std::string& verb, const Replayed& replayed) {
  if (replayed.conflicts.empty()) {
    return HeadMove{replayed.commit.ToString(), replayed.before.ToString(), replayed.changed,
                    db::Describe(replayed.settled)};
  }
  return db::MergeConflictOf(verb + ": commit " + replayed.failed.Short() + " contradicts what " +
                                 (verb == "rebase" ? "it is put on" : "this branch holds"),
                             db::Summarise(replayed.conflicts))
      .With("commit", replayed.failed.ToString())
      .With("ours", replayed.before.ToString());
}

Result<CommitId> Point(SessionImpl& session, const std::string& verb, const std::string& ref) {
  RETURN_IF_ERROR(session.CheckIdle(verb));
  RETURN_IF_ERROR(session.CheckWritable());
  if (ref.empty()) return InvalidArgument(verb + ": name a commit, branch, tag or ref~n");
  return session.ResolvePoint(ref);
}

}  // namespace

Result<HeadMove> Session::Revert(const std::string& commit, const ReplayOptions& options) {
  std::lock_guard lock(impl_->mutex());
  ASSIGN_OR_RETURN(auto id, Point(*impl_, "revert", commit));
  ASSIGN_OR_RETURN(auto replayed, txn::Revert(impl_->repository(), db::MergeToolsOf(*impl_),
                                              impl_->branch(), id, Internal(*impl_, options)));
  return Describe("revert", replayed);
}

Result<HeadMove> Session::CherryPick(const std::string& commit, const ReplayOptions& options) {
  std::lock_guard lock(impl_->mutex());
  ASSIGN_OR_RETURN(auto id, Point(*impl_, "cherry_pick", commit));
  ASSIGN_OR_RETURN(auto replayed, txn::CherryPick(impl_->repository(), db::MergeToolsOf(*impl_),
                                                  impl_->branch(), id, Internal(*impl_, options)));
  return Describe("cherry_pick", replayed);
}

Result<HeadMove> Session::Rebase(const std::string& onto, const ReplayOptions& options) {
  std::lock_guard lock(impl_->mutex());
  ASSIGN_OR_RETURN(auto id, Point(*impl_, "rebase", onto));
  ASSIGN_OR_RETURN(auto replayed, txn::Rebase(impl_->repository(), db::MergeToolsOf(*impl_),
                                              impl_->branch(), id, Internal(*impl_, options)));
  return Describe("rebase", replayed);
}

Result<HeadMove> Session::Reset(const std::string& to) {
  std::lock_guard lock(impl_->mutex());
  ASSIGN_OR_RETURN(auto id, Point(*impl_, "reset", to));
  ASSIGN_OR_RETURN(auto replayed, txn::Reset(impl_->repository(), impl_->branch(), id));
  return Describe("reset", replayed);
}

}  // namespace rhizo
