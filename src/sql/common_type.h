// The narrowest type that holds every value of two types: what a column becomes when a schema
// evolves.
#pragma once

#include <optional>

#include "model/type.h"

namespace rhizo::sql {

// `old` stays as it is (field ids included) where it holds both. Nothing if no type does.
std::optional<model::Type> CommonType(const model::Type& old, const model::Type& incoming);

}  // namespace rhizo::sql
