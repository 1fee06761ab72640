#include "txn/ancestry.h"

namespace rhizo::txn {

Result<bool> Ancestry::Contains(const CommitId& head, const CommitId& ancestor,
                                uint64_t generation) {
  std::lock_guard lock(mutex_);
  if (history_.head != head) RETURN_IF_ERROR(Restart(&history_, head));
  if (history_.known.contains(ancestor)) return true;
  if (generation >= history_.floor) return false;
  if (auto status = Extend(&history_, generation); !status) {
    history_ = History();
    return std::move(status).error();
  }
  return history_.known.contains(ancestor);
}

// A head that grew out of the known one keeps what is known; any other starts afresh.
Status Ancestry::Restart(History* history, const CommitId& head) {
  std::vector<CommitId> fresh;
  CommitId at = head;
  while (!history->head.IsZero() && at != history->head) {
    ASSIGN_OR_RETURN(auto commit, load_(at));
    fresh.push_back(at);
    if (commit->parents.size() != 1 || fresh.size() > 10'000) break;
    at = commit->parents.front();
  }
  if (!history->head.IsZero() && at == history->head) {
    history->known.insert(fresh.begin(), fresh.end());
    history->head = head;
    return {};
  }
  ASSIGN_OR_RETURN(auto commit, load_(head));
  *history = History{head, commit->generation + 1, {}, {head}};
  return {};
}

Status Ancestry::Extend(History* history, uint64_t floor) {
  std::vector<CommitId> below;
  auto pending = std::move(history->frontier);
  history->frontier.clear();
  while (!pending.empty()) {
    CommitId id = pending.back();
    pending.pop_back();
    if (history->known.contains(id)) continue;
    ASSIGN_OR_RETURN(auto commit, load_(id));
    if (commit->generation < floor) {
      below.push_back(id);
      continue;
    }
    history->known.insert(id);
    pending.insert(pending.end(), commit->parents.begin(), commit->parents.end());
  }
  history->frontier = std::move(below);
  history->floor = floor;
  return {};
}

}  // namespace rhizo::txn
