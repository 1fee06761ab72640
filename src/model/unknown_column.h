// What a name is answered with that no column of a schema has.
#pragma once

#include <string>

#include "base/error.h"
#include "model/schema.h"

namespace rhizo::model {

// kSchema naming the nearest column. `what`, before the message: what was being done, "key: ".
Error UnknownColumn(const Schema& schema, const std::string& name, const std::string& what = "");

}  // namespace rhizo::model
