// rhizo_diff('t', from [, to]): the rows in which two states of a table differ, as a table
// function. `from` and `to` are points of history as text or version numbers; without `to`: what
// the statement sees. Columns: _change_type ("insert", "delete", "update_preimage",
// "update_postimage"), _changed_fields (names of the columns that an update changed, else NULL),
// then the table's as they are at `to`. Rows come in the table's order, an update's two rows one
// behind the other.
#pragma once

#include "base/result.h"
#include "engine/instance.h"

namespace rhizo::sql {

Status AddDiffFunction(engine::Instance* instance);

}  // namespace rhizo::sql
