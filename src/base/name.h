// The one validator of user-chosen names, applied at every door and to what is read from disk.
// Names are NFC UTF-8 of 1-255 bytes without control characters and without invisible ones (except
// the joiners U+200C and U+200D); they never become paths.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace rhizo {

// A table or schema name (one part, no dot).
Status ValidateTableName(std::string_view name);
// A column name: any NFC UTF-8 of 1-1024 bytes without control and invisible characters.
Status ValidateColumnName(std::string_view name);
// A branch or tag name; `/` is allowed between parts.
Status ValidateRefName(std::string_view name);
// Names that must not stand beside each other have equal folds (NFC after case folding).
std::string FoldName(std::string_view name);
// The closest of `candidates` for "did you mean", or "" if none is near (Levenshtein <= a third).
template <class Range>
std::string NearestName(std::string_view name, const Range& candidates);
size_t EditDistance(std::string_view a, std::string_view b);

template <class Range>
std::string NearestName(std::string_view name, const Range& candidates) {
  std::string best;
  size_t best_distance = 1 + name.size() / 3;
  std::string folded = FoldName(name);
  for (const auto& candidate : candidates) {
    size_t distance = EditDistance(folded, FoldName(candidate));
    if (distance > best_distance || (distance == best_distance && !best.empty())) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

}  // namespace rhizo
