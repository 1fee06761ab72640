#include "merge/field_order.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace rhizo::merge {
namespace {

using FieldIds = std::vector<FieldId>;

// `ids` that `others` has too, in their order.
FieldIds Common(const FieldIds& ids, const FieldIds& others) {
  std::set<FieldId> known(others.begin(), others.end());
  FieldIds common;
  std::copy_if(ids.begin(), ids.end(), std::back_inserter(common),
               [&](FieldId id) { return known.contains(id); });
  return common;
}

FieldIds MergeOrder(const FieldIds& base, const FieldIds& ours, const FieldIds& theirs) {
  auto here = Common(ours, theirs);
  auto there = Common(theirs, ours);
  auto before = Common(base, here);
  bool moved_here = Common(here, base) != before;
  bool moved_there = Common(there, base) != before;
  if (moved_here != moved_there) return moved_here ? here : there;
  return std::min(here, there);
}

}  // namespace

FieldIds IdsOf(const std::vector<model::Field>* fields) {
  FieldIds ids;
  if (fields == nullptr) return ids;
  for (const auto& field : *fields) ids.push_back(field.id);
  return ids;
}

FieldIds MergeOrder(const Versions<std::vector<model::Field>>& of) {
  auto base = IdsOf(of.base);
  auto ours = IdsOf(of.ours);
  auto theirs = IdsOf(of.theirs);
  if (auto taken = Taken(Versions<FieldIds>{&base, &ours, &theirs})) return **taken;
  return MergeOrder(base, ours, theirs);
}

}  // namespace rhizo::merge
