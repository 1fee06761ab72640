// What must hold of a merged table: unique keys, NOT NULL, checks. Looked at where a row, or what
// is asked of it, comes from another side than the other (docs/merge.md, rule 2.9).
#pragma once

#include <set>
#include <string>
#include <vector>

#include "merge/check_fit.h"
#include "merge/table_merge.h"

namespace rhizo::merge {

struct Violations {
  std::vector<std::string> problems;  // of the table as a whole
  std::set<model::RowId> rows;        // that break NOT NULL or a check
  std::vector<std::string> notes;     // what some of them break
  bool none() const { return problems.empty() && rows.empty(); }
};

// `merged`: what came out of ours and theirs, with its checks. `same_key`: all three have the same.
// `has_choices`: values may be of neither side.
Result<Violations> CheckConstraints(const MergeMeans& means, const model::TableState& base,
                                    const model::TableState& ours, const model::TableState& theirs,
                                    const model::TableState& merged, const FittedChecks& checks,
                                    bool same_key, bool has_choices);

}  // namespace rhizo::merge
