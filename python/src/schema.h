// Schemas and one-batch streams built from the Arrow capsules of other libraries.
#pragma once

#include <nanobind/nanobind.h>

namespace rhizo::python {

void BindSchema(nanobind::module_& module);

}  // namespace rhizo::python
