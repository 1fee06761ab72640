// A column's default where the column has another type than when the default was given.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "model/schema.h"

namespace rhizo::table {

// The bytes (single_value.h) of the same value in type `to`, as rows that hold it would be read:
// nested fields by id. kSchema or kSql: the type does not have the value. Without `client` casts
// are those that need no settings.
Result<std::optional<std::string>> RefitDefault(duckdb::ClientContext* client,
                                                const model::Type& from, const model::Type& to,
                                                const std::optional<std::string>& bytes);

// The field gets another type; its defaults with it.
Status BecomeType(model::Field* field, model::Type type);

}  // namespace rhizo::table
