#include "merge/region_walk.h"

#include <algorithm>

namespace rhizo::merge {

RegionWalk::RegionWalk(const std::array<Side*, kSides>& sides, std::vector<model::Place> stops)
    : stops_(std::move(stops)) {
  for (size_t i = 0; i < kSides; ++i) {
    heads_[i].side = sides[i];
    heads_[i].Advance(0);
  }
}

void RegionWalk::Head::Advance(uint32_t count) {
  if (stretch) {
    stretch->Skip(count);
    if (stretch->slots > 0) return;
  }
  stretch.reset();
  if (next < side->stretches().size()) stretch = side->stretches()[next++];
}

// How far from the first place of `first` on no side begins or ends.
uint32_t RegionWalk::CountFrom(const Stretch& first) const {
  uint32_t count = first.slots;
  if (next_stop_ < stops_.size()) count = std::min(count, first.SlotsBefore(stops_[next_stop_]));
  for (const auto& head : heads_) {
    if (!head.stretch) continue;
    const auto& other = *head.stretch;
    if (!first.first.SameButPosition(other.first)) {
      count = std::min(count, first.SlotsBefore(other.first));
    } else if (other.position() == first.position()) {
      count = std::min(count, other.slots);
    } else {
      count = std::min(count, other.position() - first.position());
    }
  }
  return count;
}

std::optional<Interval> RegionWalk::Next() {
  const Stretch* first = nullptr;
  for (const auto& head : heads_) {
    if (!head.stretch) continue;
    if (first == nullptr || head.stretch->first < first->first) first = &*head.stretch;
  }
  if (first == nullptr) return std::nullopt;
  while (next_stop_ < stops_.size() && stops_[next_stop_] <= first->first) ++next_stop_;
  Interval interval{first->first, CountFrom(*first), {}};
  for (size_t side = 0; side < kSides; ++side) {
    auto& head = heads_[side];
    interval.views[side].first = interval.first;
    if (!head.stretch || head.stretch->first != interval.first) continue;
    interval.views[side] = head.side->ViewOf(*head.stretch, interval.count);
  }
  for (size_t side = 0; side < kSides; ++side) {
    if (interval.views[side].entry != nullptr) heads_[side].Advance(interval.count);
  }
  return interval;
}

}  // namespace rhizo::merge
