#include "merge/entry_merge.h"

#include <algorithm>
#include <span>

namespace rhizo::merge {
namespace {

using model::PatchRef;

bool SameRows(const EntryAt& a, const EntryAt& b) {
  const auto& x = a.entry;
  const auto& y = b.entry;
  return x.kind == y.kind && x.id == y.id && x.slice_begin == y.slice_begin &&
         x.slice_end == y.slice_end && x.hidden == y.hidden && x.runs == y.runs;
}

std::span<const PatchRef> PatchesOf(const model::SegmentEntry& entry, FieldId field) {
  auto by_field = [](const PatchRef& patch) { return patch.field; };
  auto found = std::ranges::equal_range(entry.patches, field, {}, by_field);
  return {found.begin(), found.end()};
}

std::optional<model::SegmentEntry> MergeEntry(const MergeRegion& region, size_t number,
                                              const model::Schema& schema) {
  auto merged = region.entries[kBase][number].entry;
  merged.patches.clear();
  for (const auto& field : schema.fields) {
    auto of = [&](Which side) { return PatchesOf(region.entries[side][number].entry, field.id); };
    bool ours_changed = !std::ranges::equal(of(kOurs), of(kBase));
    bool theirs_changed = !std::ranges::equal(of(kTheirs), of(kBase));
    if (ours_changed && theirs_changed) return std::nullopt;
    auto patches = of(theirs_changed ? kTheirs : kOurs);
    merged.patches.insert(merged.patches.end(), patches.begin(), patches.end());
  }
  std::ranges::stable_sort(merged.patches, {}, &PatchRef::field);
  return merged;
}

}  // namespace

bool HasRowsOfBase(const MergeRegion& region, Which side) {
  return std::ranges::equal(region.entries[side], region.entries[kBase], SameRows);
}

std::optional<std::vector<model::SegmentEntry>> MergePatches(const MergeRegion& region,
                                                             const model::Schema& schema) {
  if (!HasRowsOfBase(region, kOurs) || !HasRowsOfBase(region, kTheirs)) return std::nullopt;
  std::vector<model::SegmentEntry> merged;
  for (size_t number = 0; number < region.entries[kBase].size(); ++number) {
    auto entry = MergeEntry(region, number, schema);
    if (!entry) return std::nullopt;
    merged.push_back(std::move(*entry));
  }
  return merged;
}

}  // namespace rhizo::merge
