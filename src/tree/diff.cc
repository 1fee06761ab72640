#include "tree/diff.h"

#include "tree/joint_walk.h"

namespace rhizo::tree {
namespace {

std::optional<std::string_view> ValueOf(const std::optional<Item>& entry) {
  return entry ? std::optional(entry->payload) : std::nullopt;
}

uint64_t WeightOf(const std::optional<Item>& entry) { return entry ? entry->weight : 0; }

}  // namespace

Status Diff(const Tree& before, const Tree& after,
            const std::function<Status(const DiffEntry&)>& visit) {
  JointWalk walk({before, after});
  RETURN_IF_ERROR(walk.Next());
  while (walk.Valid()) {
    auto old_entry = walk.entry(0);
    auto new_entry = walk.entry(1);
    RETURN_IF_ERROR(visit({.key = walk.key(),
                           .before = ValueOf(old_entry),
                           .after = ValueOf(new_entry),
                           .before_weight = WeightOf(old_entry),
                           .after_weight = WeightOf(new_entry)}));
    RETURN_IF_ERROR(walk.Next());
  }
  return {};
}

Status ThreeWay(const Tree& base, const Tree& ours, const Tree& theirs,
                const std::function<Status(const ThreeWayEntry&)>& visit) {
  JointWalk walk({base, ours, theirs});
  RETURN_IF_ERROR(walk.Next());
  while (walk.Valid()) {
    auto base_entry = walk.entry(0);
    auto our_entry = walk.entry(1);
    auto their_entry = walk.entry(2);
    RETURN_IF_ERROR(visit({.key = walk.key(),
                           .base = ValueOf(base_entry),
                           .ours = ValueOf(our_entry),
                           .theirs = ValueOf(their_entry),
                           .base_weight = WeightOf(base_entry),
                           .ours_weight = WeightOf(our_entry),
                           .theirs_weight = WeightOf(their_entry)}));
    RETURN_IF_ERROR(walk.Next());
  }
  return {};
}

}  // namespace rhizo::tree
