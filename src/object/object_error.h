// The failures every store and reader of objects shares. Each carries the id as field "object".
#pragma once

#include <string_view>

#include "base/error.h"
#include "base/id.h"

namespace rhizo::object {

Error ObjectNotFound(const ObjectId& id);
// kCorruption: "object 0123456789 is damaged: <why>".
Error ObjectDamaged(const ObjectId& id, std::string_view why);
// ObjectDamaged for an object that ends before the bytes asked for.
Error ObjectTooShort(const ObjectId& id);

}  // namespace rhizo::object
