// The places of a region from the first to the last, in intervals: consecutive places of one path
// and birth of which each side has all slots or none. Not thread-safe.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "merge/side.h"

namespace rhizo::merge {

struct Interval {
  model::Place first;
  uint32_t count = 0;
  std::array<View, kSides> views;
};

class RegionWalk {
 public:
  // The sides outlive the walk. No interval has places before and behind one of `stops` (rising).
  explicit RegionWalk(const std::array<Side*, kSides>& sides, std::vector<model::Place> stops = {});
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
  const std::vector<model::Place> stops_;
  size_t next_stop_ = 0;
};

}  // namespace rhizo::merge
