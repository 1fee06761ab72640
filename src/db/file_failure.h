// The error a stream ended with, kept for whoever only sees its text.
#pragma once

#include <memory>
#include <optional>

#include "base/result.h"

namespace rhizo::db {

using FailureSlot = std::shared_ptr<std::optional<Error>>;

}  // namespace rhizo::db
