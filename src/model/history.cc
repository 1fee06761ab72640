#include "model/history.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>

namespace rhizo::model {
namespace {

Status CheckGeneration(const CommitId& child, const Commit& commit, const CommitId& parent,
                       uint64_t parent_generation) {
  if (parent_generation < commit.generation) return {};
  return Corruption("commit " + child.Short() + " has generation " +
                    std::to_string(commit.generation) + ", not above its parent " + parent.Short());
}

// Walks down from two commits in order of falling generation, so that all descendants of a commit
// were seen before it is taken. Marks say from where a commit was reached.
class CommonAncestors {
 public:
  explicit CommonAncestors(const CommitLoader& load) : load_(load) {}

  Result<std::vector<CommitId>> Find(const std::vector<CommitId>& heads, const CommitId& b) {
    for (const auto& a : heads) RETURN_IF_ERROR(Mark(a, kFromA, nullptr, nullptr));
    RETURN_IF_ERROR(Mark(b, kFromB, nullptr, nullptr));
    std::vector<CommitId> best;
    while (live_ > 0) {
      auto node = frontier_.extract(std::prev(frontier_.end()));
      const CommitId& id = node.key().second;
      uint8_t marks = node.mapped().marks;
      if (IsLive(marks)) --live_;
      if (marks == kBoth) best.push_back(id);
      // What lies below a common ancestor is common too, but not best.
      if (marks == kBoth) marks |= kStale;
      for (const auto& parent : node.mapped().commit.parents) {
        RETURN_IF_ERROR(Mark(parent, marks, &id, &node.mapped().commit));
      }
    }
    std::sort(best.begin(), best.end());
    return best;
  }

 private:
  enum : uint8_t { kFromA = 1, kFromB = 2, kBoth = 3, kStale = 4 };
  struct Node {
    Commit commit;
    uint8_t marks = 0;
  };

  static bool IsLive(uint8_t marks) { return (marks & kStale) == 0; }

  // `child` (null for a start): by whom `id` was reached.
  Status Mark(const CommitId& id, uint8_t marks, const CommitId* child,
              const Commit* child_commit) {
    auto known = generations_.find(id);
    if (known == generations_.end()) {
      ASSIGN_OR_RETURN(Commit commit, load_(id));
      known = generations_.emplace(id, commit.generation).first;
      frontier_.emplace(std::pair(known->second, id), Node{std::move(commit), 0});
      ++live_;
    }
    if (child != nullptr) {
      RETURN_IF_ERROR(CheckGeneration(*child, *child_commit, id, known->second));
    }
    Node& node = frontier_.at({known->second, id});
    bool was_live = IsLive(node.marks);
    node.marks |= marks;
    if (was_live && !IsLive(node.marks)) --live_;
    return {};
  }

  const CommitLoader& load_;
  std::map<std::pair<uint64_t, CommitId>, Node> frontier_;
  std::unordered_map<CommitId, uint64_t> generations_;  // of all commits met
  size_t live_ = 0;                                     // in the frontier, not stale
};

}  // namespace

Result<bool> IsAncestor(const CommitLoader& load, const CommitId& ancestor,
                        const CommitId& descendant) {
  if (ancestor == descendant) return true;
  ASSIGN_OR_RETURN(Commit target, load(ancestor));
  std::vector<CommitId> pending = {descendant};
  std::unordered_set<CommitId> seen = {descendant};
  while (!pending.empty()) {
    CommitId id = pending.back();
    pending.pop_back();
    ASSIGN_OR_RETURN(Commit commit, load(id));
    if (commit.generation <= target.generation) continue;
    for (const auto& parent : commit.parents) {
      if (parent == ancestor) return true;
      if (seen.insert(parent).second) pending.push_back(parent);
    }
  }
  return false;
}

Result<std::vector<CommitId>> BestCommonAncestors(const CommitLoader& load, const CommitId& a,
                                                  const CommitId& b) {
  return CommonAncestors(load).Find({a}, b);
}

Result<std::vector<CommitId>> BestCommonAncestors(const CommitLoader& load,
                                                  const std::vector<CommitId>& a,
                                                  const CommitId& b) {
  return CommonAncestors(load).Find(a, b);
}

bool LogWalker::Older::operator()(const Item& a, const Item& b) const {
  return std::tie(a.second.generation, a.second.time, a.first) <
         std::tie(b.second.generation, b.second.time, b.first);
}

Status LogWalker::Enqueue(const CommitId& id) {
  if (seen_.contains(id)) return {};
  ASSIGN_OR_RETURN(Commit commit, load_(id));
  seen_.insert(id);
  queue_.emplace(id, std::move(commit));
  return {};
}

Result<std::optional<LogWalker::Item>> LogWalker::Next() {
  while (!pending_.empty()) {
    RETURN_IF_ERROR(Enqueue(pending_.back()));
    pending_.pop_back();
  }
  if (queue_.empty()) return std::optional<Item>();
  std::optional<Item> item = queue_.top();
  queue_.pop();
  pending_ = item->second.parents;
  return item;
}

Status WalkLog(const CommitLoader& load, const CommitId& head,
               const std::function<bool(const CommitId&, const Commit&)>& visit) {
  LogWalker walker(load, {head});
  for (;;) {
    ASSIGN_OR_RETURN(auto item, walker.Next());
    if (!item || !visit(item->first, item->second)) return {};
  }
}

}  // namespace rhizo::model
