// What differs between maps, key by key in order, at the cost of what differs: subtrees that all
// sides share are skipped, not read. Values are borrowed for the call of `visit`; an error that
// `visit` returns ends the walk and is returned. (JointWalk is the same by pulling.)
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "tree/tree.h"

namespace rhizo::tree {

// A key whose value or weight differs. Nothing: the map has no such entry.
struct DiffEntry {
  std::string_view key;
  std::optional<std::string_view> before;
  std::optional<std::string_view> after;
  uint64_t before_weight = 0;
  uint64_t after_weight = 0;
};

Status Diff(const Tree& before, const Tree& after,
            const std::function<Status(const DiffEntry&)>& visit);

// A key where at least one side differs from base (also when both sides differ in the same way).
struct ThreeWayEntry {
  std::string_view key;
  std::optional<std::string_view> base;
  std::optional<std::string_view> ours;
  std::optional<std::string_view> theirs;
  uint64_t base_weight = 0;
  uint64_t ours_weight = 0;
  uint64_t theirs_weight = 0;

  bool ours_changed() const { return ours != base || ours_weight != base_weight; }
  bool theirs_changed() const { return theirs != base || theirs_weight != base_weight; }
};

Status ThreeWay(const Tree& base, const Tree& ours, const Tree& theirs,
                const std::function<Status(const ThreeWayEntry&)>& visit);

}  // namespace rhizo::tree
