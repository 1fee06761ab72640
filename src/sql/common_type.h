// The narrowest type that holds every value of two types: what a column becomes when a schema
// evolves.
#pragma once

#include <optional>

#include "base/result.h"
#include "model/schema.h"

namespace rhizo::sql {

// `old` stays as it is (field ids included) where it holds both. Nothing if no type does.
std::optional<model::Type> CommonType(const model::Type& old, const model::Type& incoming);

// The field gets a wider type; its defaults with it.
Status BecomeType(model::Field* field, model::Type type);

}  // namespace rhizo::sql
