#include "txn/rebase_steps.h"

#include <algorithm>

#include "txn/pure_merge.h"
#include "txn/shared_changes.h"

namespace rhizo::txn {
namespace {

class Steps {
 public:
  Steps(Repository& repository, const SideHistory& there)
      : repository_(repository), there_(there) {}

  Status Add(const Head& commit, std::vector<RebaseStep>* steps) {
    ASSIGN_OR_RETURN(auto brought, BroughtBy(repository_, commit));
    ASSIGN_OR_RETURN(bool is_there, IsThere(commit, brought));
    // Of a merge as much is used up as is there, whether it is left out or not.
    SideHistory part;
    for (const auto& [origin, as] : brought.changes) {
      if (Use(origin)) part.changes.emplace(origin, commit.id);
    }
    if (is_there) return {};
    RebaseStep step{commit, {}};
    ASSIGN_OR_RETURN(step.shared, SharedChanges(repository_, there_, part));
    steps->push_back(std::move(step));
    return {};
  }

 private:
  size_t Left(const Origin& origin) const {
    auto used = used_.find(origin);
    return there_.changes.count(origin) - (used == used_.end() ? 0 : used->second);
  }

  bool Use(const Origin& origin) {
    if (Left(origin) == 0) return false;
    ++used_[origin];
    return true;
  }

  // Uses up the change itself, if it is there.
  Result<bool> IsThere(const Head& commit, const SideHistory& brought) {
    auto origin = OriginsOf(commit).front();
    auto has = [&](const Origin& one) { return Left(one) >= brought.changes.count(one); };
    auto used_up = [&](const auto& one) {
      return there_.changes.contains(one.first) && !has(one.first);
    };
    if (std::ranges::any_of(brought.changes, used_up)) return false;
    if (Use(origin)) return true;
    if (brought.changes.empty()) return false;
    ASSIGN_OR_RETURN(auto picked, repository_.ReadCommit(origin.commit));
    // A merge of a user may have settled what contradicted: that is not there.
    return IsPureMerge(*picked) &&
           std::ranges::all_of(brought.changes, [&](const auto& one) { return has(one.first); });
  }

  Repository& repository_;
  const SideHistory& there_;
  std::map<Origin, size_t> used_;
};

}  // namespace

Result<std::vector<RebaseStep>> RebaseSteps(Repository& repository,
                                            const std::vector<Head>& commits,
                                            const SideHistory& there) {
  Steps steps(repository, there);
  std::vector<RebaseStep> left;
  for (const auto& commit : commits) RETURN_IF_ERROR(steps.Add(commit, &left));
  return left;
}

}  // namespace rhizo::txn
