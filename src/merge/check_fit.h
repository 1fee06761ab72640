// The checks of a merged table: whether they are about the columns that they were made for, and
// which side asked them of its rows already. Checks are text, and go by names (docs/merge.md,
// section 7).
#pragma once

#include <string>
#include <vector>

#include "merge/table_merge.h"

namespace rhizo::merge {

struct FittedChecks {
  table::CheckRows look;  // null: there are none
  // All of them, of the same columns of the same types.
  bool asked_by_ours = true;
  bool asked_by_theirs = true;
  bool asked_by_nobody = false;       // one of them
  std::vector<std::string> problems;  // checks that are about other columns now, or about none
  std::vector<std::string> left_out;  // why checks went
};

// `merged`: what came out of ours and theirs, of which rows are not looked at. With a favoured side
// a check that it does not have goes where it does not fit.
Result<FittedChecks> FitChecks(const MergeMeans& means, const model::TableState& ours,
                               const model::TableState& theirs, Favour favour,
                               model::TableState* merged);

}  // namespace rhizo::merge
