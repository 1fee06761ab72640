// The types that values were stored in, beside those that a merged schema gives their fields: both
// sides may have made a column wider, each in its way, or one made it narrower again. Stateless.
#pragma once

#include "model/table_state.h"
#include "table/read_context.h"

namespace rhizo::merge {

// Whether every value of `narrow` is one of `wide`, but for dates far away: of nested types field
// by field, by id; a field that one of them does not have is no matter.
bool Holds(const model::Type& wide, const model::Type& narrow);

// Whether `wide` holds only values of `narrow` that are near enough: dates and timestamps.
bool DependsOnValues(const model::Type& wide, const model::Type& narrow);

// Whether rows that `side` stored since `base` hold a field, by its id, in a type that its own does
// not hold. Looks at entries that differ, at no row.
Result<bool> StoresWider(const table::ReadContext& context, const model::TableState& base,
                         const model::TableState& side, const model::Field& field);

}  // namespace rhizo::merge
