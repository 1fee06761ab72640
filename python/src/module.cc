// The module _rhizo: a thin layer over include/rhizo. The package rhizo is what users import.
#include <nanobind/nanobind.h>

#include "interrupt.h"
#include "result.h"
#include "rhizo/database.h"
#include "schema.h"
#include "session.h"

namespace nb = nanobind;

NB_MODULE(_rhizo, module) {
  rhizo::python::RememberMainThread();
  module.doc() = "The native part of rhizo.";
  module.def("version", &rhizo::Version);
  rhizo::python::BindResult(module);
  rhizo::python::BindSession(module);
  rhizo::python::BindSchema(module);
}
