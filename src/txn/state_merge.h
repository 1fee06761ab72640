// What one writer made of a table, together with what others made of it meanwhile: the merge law of
// commits (docs/merge.md, section 4). Stateless.
#pragma once

#include <string>

#include "merge/table_merge.h"
#include "table/write.h"

namespace rhizo::txn {

struct StateOnState {
  model::TableState state;
  std::string contradiction;  // "": none; else what contradicts, and then the state means nothing
};

// `own` came from `was`; `onto` too, by others. Rows that `own` put behind its last row come behind
// those of `onto`. `rules_decide`: else merge rules, and deletes that win, do not count.
Result<StateOnState> PlaceOnState(const table::WriteContext& context,
                                  const merge::BindChecks& bind_checks,
                                  const model::TableState& was, const model::TableState& own,
                                  const model::TableState& onto, bool rules_decide = true);

}  // namespace rhizo::txn
