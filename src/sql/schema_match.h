// How columns that somebody brings meet the columns of a table: by name, and what a schema becomes
// that takes new columns and wider types in. Stateless.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/schema.h"

namespace rhizo::sql {

// For each column of the table the index of the incoming column of that name (exactly, else the
// only one that differs in case), or nothing if none comes. kSchema for columns the table does not
// have (all of them, with the nearest names) and for types that cannot meet.
using ColumnMatch = std::vector<std::optional<size_t>>;
Result<ColumnMatch> MatchColumns(const model::Schema& incoming, const model::Schema& table);

// `old` with the columns of `incoming` that it does not have behind its own (nullable, ids 0), and
// with types widened where values of both fit. Names match as above. Floats never widen integers:
// such values are taken where they are whole numbers. kSchema for types that have no common one.
Result<model::Schema> EvolveSchema(const model::Schema& old, const model::Schema& incoming);

// A column that came as type null: NULL in every row, of whatever type.
bool IsNullColumn(const model::Field& field);

}  // namespace rhizo::sql
