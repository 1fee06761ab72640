// Errors as the user sees them: on stderr, as text with a hint or as JSON.
#pragma once

#include <string>

#include "cli/context.h"
#include "rhizo/error.h"

namespace rhizo::cli {

void ReportError(const Error& error, const std::string& hint, bool json);
// What to do about it; "" if there is nothing to say.
std::string HintFor(const Error& error, const Context& context);

}  // namespace rhizo::cli
