// rhizo_log, rhizo_branches, ...: what a session knows about itself, as table functions.
#pragma once

#include "base/result.h"
#include "engine/instance.h"

namespace rhizo::sql {

Status AddMetadataFunctions(engine::Instance* instance);

}  // namespace rhizo::sql
