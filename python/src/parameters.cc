#include "parameters.h"

#include <nanobind/stl/string.h>

namespace nb = nanobind;

namespace rhizo::python {
namespace {

Value ToValue(nb::handle value) {
  PyObject* object = value.ptr();
  if (object == Py_None) return std::monostate{};
  if (PyBool_Check(object)) return object == Py_True;
  if (PyLong_Check(object)) return nb::cast<int64_t>(value);
  if (PyFloat_Check(object)) return PyFloat_AsDouble(object);
  if (PyUnicode_Check(object)) return nb::cast<std::string>(value);
  if (PyBytes_Check(object)) {
    auto size = static_cast<size_t>(PyBytes_Size(object));
    return BlobValue{std::string(PyBytes_AsString(object), size)};
  }
  auto typed = nb::cast<nb::tuple>(value);
  return TypedText{nb::cast<std::string>(typed[0]), nb::cast<std::string>(typed[1])};
}

}  // namespace

Parameters ToParameters(nb::handle values) {
  Parameters out;
  if (values.is_none()) return out;
  if (PyDict_Check(values.ptr())) {
    for (auto [name, value] : nb::cast<nb::dict>(values)) {
      out.named.emplace_back(nb::cast<std::string>(name), ToValue(value));
    }
    return out;
  }
  for (nb::handle value : nb::cast<nb::list>(values)) out.positional.push_back(ToValue(value));
  return out;
}

}  // namespace rhizo::python
