// The types that values were stored in, beside those that a merged schema gives their fields: both
// sides may have made a column wider, each in its way, or one made it narrower again. Stateless.
#pragma once

#include "model/table_state.h"
#include "table/read_context.h"

namespace rhizo::merge {

// Whether rows that `side` stored since `base` hold a field, by its id, in a type that its own does
// not hold. Looks at entries that differ, at no row.
Result<bool> StoresWider(const table::ReadContext& context, const model::TableState& base,
                         const model::TableState& side, const model::Field& field);

}  // namespace rhizo::merge
