// A merge in progress, between commands: which heads, and what was said of their conflicts. A small
// JSON file per branch in the database's folder `merging`; heads never change, so saying the same
// again comes to the same.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"

namespace rhizo::cli {

struct MergeStep {
  std::string table;
  std::string side;   // "ours", "theirs", or "":
  std::string query;  // that makes the rows
};

struct MergeState {
  std::string source;  // as the user called it
  std::string ours;    // commits
  std::string theirs;
  std::vector<MergeStep> steps;
};

// Nothing: no merge is in progress on the branch. kCorruption for a file that is none of ours.
Result<std::optional<MergeState>> LoadMerge(const Context& context);
Status SaveMerge(const Context& context, const MergeState& state);
Status ForgetMerge(const Context& context);

}  // namespace rhizo::cli
