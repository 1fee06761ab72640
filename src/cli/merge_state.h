// A merge in progress, between commands: which heads, and what was said of their conflicts. A small
// JSON file per branch in the database's folder `merging`, and an Arrow file for the rows that a
// query came to: what it reads may change, but heads never do, so saying the same again comes to
// the same.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"

namespace rhizo::cli {

struct MergeStep {
  std::string table;
  std::string side;         // "ours", "theirs", or "":
  std::string query;        // that made the rows
  std::string rows;         // name of their file
  bool table_only = false;  // of a side: what contradicts in the table as a whole
};

struct MergeState {
  std::string source;  // as the user called it
  std::string ours;    // commits
  std::string theirs;
  std::string message;  // of the commit; "": none was given yet
  std::vector<MergeStep> steps;
};

// Commands that change the merge in progress on a branch take turns.
class MergeTurn {
 public:
  // Waits for the commands before.
  static Result<MergeTurn> Take(const Context& context);
  ~MergeTurn();
  MergeTurn(MergeTurn&& other) noexcept;
  MergeTurn& operator=(MergeTurn&&) = delete;

 private:
  explicit MergeTurn(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// The path of rows that a step is to keep.
std::string RowsFile(const Context& context, const std::string& name);
std::string NameOfRows(const Context& context, size_t step);

// Nothing: no merge is in progress on the branch. kCorruption for a file that is none of ours.
Result<std::optional<MergeState>> LoadMerge(const Context& context);
Status SaveMerge(const Context& context, const MergeState& state);
Status ForgetMerge(const Context& context);

}  // namespace rhizo::cli
