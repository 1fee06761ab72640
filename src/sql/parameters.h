// Parameters of a statement as the engine's values.
#pragma once

#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "rhizo/value.h"

namespace rhizo::sql {

using BoundParameters = duckdb::case_insensitive_map_t<duckdb::BoundParameterData>;

// Positional ones are called "1", "2", ... kInvalidArgument naming the parameter if a TypedText
// does not name a type or its text is none of its values, or text is not UTF-8.
Result<BoundParameters> BindParameters(duckdb::ClientContext& client, const Parameters& parameters);

}  // namespace rhizo::sql
