// Which commit made a change first, and how picks say so (docs/format/commit.md).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/commit.h"
#include "txn/table_change.h"

namespace rhizo::txn {

// A change, by the commit that made it first; what a merge did depends on the parent it is seen
// from.
struct Origin {
  CommitId commit;
  uint64_t parent = 0;  // of a merge: 1, 2, ...
  friend auto operator<=>(const Origin&, const Origin&) = default;
};

// What the pick did again, or what the commit did: one change, of a merge one to each parent.
std::vector<Origin> OriginsOf(const Head& commit);
// The commit that made the change of `commit` first, if it is a pick.
std::optional<CommitId> PickedFrom(const model::Commit& commit);
// `pick` does again what `picked` did, or what that picked; `parent`: if that is a merge, against
// which of its parents (1, 2, ...).
void SetPickedFrom(model::Commit* pick, const Head& picked, const std::optional<uint32_t>& parent);

}  // namespace rhizo::txn
