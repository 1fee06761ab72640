// Python values as SQL parameters. rhizo/parameters.py turns everything else into these first.
#pragma once

#include <nanobind/nanobind.h>

#include "rhizo/value.h"

namespace rhizo::python {

// None, a list or a dict of: None, bool, int, float, str, bytes, or (type, text).
Parameters ToParameters(nanobind::handle values);

}  // namespace rhizo::python
