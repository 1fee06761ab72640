// Where three states of a table differ: sets of their entries whose places overlap. Subtrees and
// entries that all three share are never read.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/entry.h"
#include "table/read_context.h"

namespace rhizo::merge {

// base, ours, theirs: the order of everything that comes in threes here.
enum Which : size_t { kBase = 0, kOurs = 1, kTheirs = 2 };
inline constexpr size_t kSides = 3;

struct EntryAt {
  std::string key;   // place of its first row, encoded
  std::string last;  // place of its last row, encoded
  std::string bytes;
  model::SegmentEntry entry;
};

struct MergeRegion {
  std::array<std::vector<EntryAt>, kSides> entries;  // in order
  bool Same(Which a, Which b) const;
  // Places of the first and last row of it, encoded.
  std::string first() const;
  std::string last() const;
};

// In the order of places. `roots`: of the trees.
Result<std::vector<MergeRegion>> FindRegions(const table::ReadContext& context,
                                             const std::array<ObjectId, kSides>& roots);

}  // namespace rhizo::merge
