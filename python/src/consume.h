// Rows of Python on their way into the library.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <string>
#include <utility>

#include "capsules.h"
#include "errors.h"
#include "guarded_stream.h"
#include "interrupt.h"
#include "session.h"
#include "work.h"

namespace rhizo::python {

namespace nb = nanobind;

// Where the rows of a stream come from.
enum class Rows { kComputed, kInMemory, kFewInMemory };

inline Rows RowsOf(const std::string& name) {
  if (name == "few") return Rows::kFewInMemory;
  return name == "memory" ? Rows::kInMemory : Rows::kComputed;
}

// Rows that lie in memory belong to no thread; few of them are not worth another one.
template <class Write>
auto ConsumeMemory(nb::handle capsule, const Work& work, bool few, Write write) {
  OwnedStream stream = SourceStream(TakeStream(capsule), nullptr, nullptr, nullptr);
  auto consume = [&] { return write(stream.get()); };
  auto written = few ? RunBriefly(consume) : RunBlocking(work.options().cancellation, consume);
  work.RaiseFromProgress();
  return Unwrap(std::move(written));
}

// The rows of `capsule` into a table by `write(stream)`.
template <class Write>
auto Consume(NativeSession& self, nb::handle capsule, Rows rows, const Work& work, Write write) {
  if (rows != Rows::kComputed) {
    return ConsumeMemory(capsule, work, rows == Rows::kFewInMemory, write);
  }
  auto caller = std::make_shared<CallingThread>();
  auto state = std::make_shared<SourceState>();
  OwnedStream stream = SourceStream(TakeStream(capsule), caller, &self, state);
  auto written =
      RunBlocking(work.options().cancellation, caller, [&] { return write(stream.get()); });
  work.RaiseFromProgress();
  if (state->interrupted && !written.has_value()) {
    PyErr_SetNone(PyExc_KeyboardInterrupt);
    throw nb::python_error();
  }
  return Unwrap(std::move(written));
}

}  // namespace rhizo::python
