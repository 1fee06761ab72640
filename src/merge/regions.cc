#include "merge/regions.h"

#include <algorithm>
#include <deque>
#include <optional>

#include "table/entry_edits.h"
#include "tree/diff.h"

namespace rhizo::merge {
namespace {

using Entries = std::array<std::deque<EntryAt>, kSides>;

Status Collect(const table::ReadContext& context, std::string_view key,
               const std::optional<std::string_view>& value, std::deque<EntryAt>* entries) {
  if (!value) return {};
  EntryAt at{std::string(key), {}, std::string(*value), {}};
  ASSIGN_OR_RETURN(at.entry, model::DecodeSegmentEntry(*value));
  ASSIGN_OR_RETURN(auto last, table::LastPlace(*context.small, at.entry));
  at.last = model::EncodePlace(last);
  entries->push_back(std::move(at));
  return {};
}

// The next region: entries of all sides from the first on, as long as they overlap.
MergeRegion TakeRegion(Entries* entries) {
  MergeRegion region;
  std::optional<std::string> end;
  for (const auto& waiting : *entries) {
    if (!waiting.empty() && (!end || waiting.front().key < *end)) end = waiting.front().key;
  }
  for (bool grown = true; grown;) {
    grown = false;
    for (size_t side = 0; side < kSides; ++side) {
      auto& waiting = (*entries)[side];
      while (!waiting.empty() && waiting.front().key <= *end) {
        end = std::max(*end, waiting.front().last);
        region.entries[side].push_back(std::move(waiting.front()));
        waiting.pop_front();
        grown = true;
      }
    }
  }
  return region;
}

}  // namespace

bool MergeRegion::Same(Which a, Which b) const {
  return std::equal(
      entries[a].begin(), entries[a].end(), entries[b].begin(), entries[b].end(),
      [](const auto& x, const auto& y) { return x.key == y.key && x.bytes == y.bytes; });
}

std::string MergeRegion::first() const {
  std::optional<std::string> least;
  for (const auto& side : entries) {
    if (!side.empty() && (!least || side.front().key < *least)) least = side.front().key;
  }
  return least.value_or("");
}

std::string MergeRegion::last() const {
  std::string greatest;
  for (const auto& side : entries) {
    for (const auto& entry : side) greatest = std::max(greatest, entry.last);
  }
  return greatest;
}

Result<std::vector<MergeRegion>> FindRegions(const table::ReadContext& context,
                                             const std::array<ObjectId, kSides>& roots) {
  Entries entries;
  auto visit = [&](const tree::ThreeWayEntry& entry) -> Status {
    RETURN_IF_ERROR(Collect(context, entry.key, entry.base, &entries[kBase]));
    RETURN_IF_ERROR(Collect(context, entry.key, entry.ours, &entries[kOurs]));
    return Collect(context, entry.key, entry.theirs, &entries[kTheirs]);
  };
  RETURN_IF_ERROR(tree::ThreeWay(tree::Tree(context.small, roots[kBase]),
                                 tree::Tree(context.small, roots[kOurs]),
                                 tree::Tree(context.small, roots[kTheirs]), visit));
  std::vector<MergeRegion> regions;
  auto any = [&] {
    return std::any_of(entries.begin(), entries.end(), [](auto& side) { return !side.empty(); });
  };
  while (any()) regions.push_back(TakeRegion(&entries));
  return regions;
}

}  // namespace rhizo::merge
