// The places of a region from the first to the last, in intervals: consecutive places of one path
// and birth of which each side has all slots or none. Not thread-safe.
#pragma once

#include <array>
#include <optional>

#include "merge/side.h"

namespace rhizo::merge {

struct Interval {
  model::Place first;
  uint32_t count = 0;
  std::array<View, kSides> views;
};

class RegionWalk {
 public:
  // The sides outlive the walk.
  explicit RegionWalk(const std::array<Side*, kSides>& sides);
  // Nothing behind the last.
  std::optional<Interval> Next();

 private:
  struct Head {
    const Side* side = nullptr;
    size_t next = 0;
    std::optional<Stretch> stretch;
    void Advance(uint32_t count);
  };
  uint32_t CountFrom(const Stretch& first) const;

  std::array<Head, kSides> heads_;
};

}  // namespace rhizo::merge
