#include "errors.h"

#include <nanobind/stl/string.h>

#include <string>

namespace nb = nanobind;

namespace rhizo::python {

void Raise(const Error& error) {
  std::string code(ErrorCodeName(error.code()));
  for (char& c : code) {
    if (c == ' ') c = '_';
  }
  nb::dict fields;
  for (const auto& [name, value] : error.fields()) {
    fields[nb::bytes(name.data(), name.size()).attr("decode")("utf-8", "replace")] =
        nb::bytes(value.data(), value.size()).attr("decode")("utf-8", "replace");
  }
  nb::object text =
      nb::bytes(error.message().data(), error.message().size()).attr("decode")("utf-8", "replace");
  nb::object exception = nb::module_::import_("rhizo.errors")
                             .attr("exception_for")(code, text, error.retryable(), fields);
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.ptr())), exception.ptr());
  throw nb::python_error();
}

}  // namespace rhizo::python
