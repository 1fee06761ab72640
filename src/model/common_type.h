// The narrowest type that holds every value of two types: what a column becomes when a schema
// evolves. A pure function.
#pragma once

#include <optional>

#include "model/type.h"

namespace rhizo::model {

// `old` stays as it is (field ids included) where it holds both. Nothing if no type does.
std::optional<Type> CommonType(const Type& old, const Type& incoming);

}  // namespace rhizo::model
