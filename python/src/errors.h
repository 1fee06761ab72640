// Errors of Rhizo as Python exceptions (rhizo/errors.py says which code is which class).
#pragma once

#include <nanobind/nanobind.h>

#include <utility>

#include "rhizo/error.h"
#include "rhizo/result.h"

namespace rhizo::python {

// Needs the GIL.
[[noreturn]] void Raise(const Error& error);

template <class T>
T Unwrap(Result<T> result) {
  if (!result.has_value()) Raise(result.error());
  return std::move(result).value();
}
inline void Unwrap(const Status& status) {
  if (!status.has_value()) Raise(status.error());
}

}  // namespace rhizo::python
