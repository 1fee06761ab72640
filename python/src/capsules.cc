#include "capsules.h"

#include <cerrno>

namespace nb = nanobind;

namespace rhizo::python {
namespace {

constexpr char kStream[] = "arrow_array_stream";
constexpr char kSchema[] = "arrow_schema";
constexpr char kArray[] = "arrow_array";

template <class Struct>
Owned<Struct> Take(nb::handle capsule, const char* name) {
  auto* pointer = static_cast<Struct*>(PyCapsule_GetPointer(capsule.ptr(), name));
  if (pointer == nullptr) throw nb::python_error();
  if (pointer->release == nullptr) {
    throw nb::value_error("this Arrow capsule was consumed already; ask its owner for a new one");
  }
  Struct taken = *pointer;
  pointer->release = nullptr;
  return Owned<Struct>(taken);
}

template <class Struct, const char* kName>
void Destroy(PyObject* capsule) {
  auto* pointer = static_cast<Struct*>(PyCapsule_GetPointer(capsule, kName));
  if (pointer == nullptr) return PyErr_WriteUnraisable(capsule);
  if (pointer->release != nullptr) {
    nb::gil_scoped_release release;
    pointer->release(pointer);
  }
  delete pointer;
}

template <class Struct, const char* kName>
nb::object Give(Owned<Struct> value) {
  auto held = std::make_unique<Struct>(value.Take());
  PyObject* capsule = PyCapsule_New(held.get(), kName, &Destroy<Struct, kName>);
  if (capsule == nullptr) {
    value = Owned<Struct>(*held);
    throw nb::python_error();
  }
  held.release();
  return nb::steal(capsule);
}

struct Chain {
  OwnedSchema schema;
  std::vector<std::shared_ptr<const OwnedArray>> batches;
  OwnedStream rest;
  size_t next = 0;
};

Chain& ChainOf(ArrowArrayStream* stream) { return *static_cast<Chain*>(stream->private_data); }

int ChainSchema(ArrowArrayStream* stream, ArrowSchema* out) {
  *out = CopySchema(*ChainOf(stream).schema.get());
  return 0;
}

int ChainNext(ArrowArrayStream* stream, ArrowArray* out) {
  Chain& chain = ChainOf(stream);
  if (chain.next < chain.batches.size()) {
    auto batch = std::move(chain.batches[chain.next++]);
    *out = ShareArray(batch);
    return 0;
  }
  if (!chain.rest.empty()) return chain.rest.get()->get_next(chain.rest.get(), out);
  *out = ArrowArray{};
  return 0;
}

const char* ChainError(ArrowArrayStream* stream) {
  Chain& chain = ChainOf(stream);
  return chain.rest.empty() ? nullptr : chain.rest.get()->get_last_error(chain.rest.get());
}

void ChainRelease(ArrowArrayStream* stream) {
  delete &ChainOf(stream);
  stream->release = nullptr;
}

}  // namespace

OwnedStream TakeStream(nb::handle capsule) { return Take<ArrowArrayStream>(capsule, kStream); }
OwnedSchema TakeSchema(nb::handle capsule) { return Take<ArrowSchema>(capsule, kSchema); }
OwnedArray TakeArray(nb::handle capsule) { return Take<ArrowArray>(capsule, kArray); }
nb::object StreamCapsule(OwnedStream stream) {
  return Give<ArrowArrayStream, kStream>(std::move(stream));
}
nb::object SchemaCapsule(OwnedSchema schema) {
  return Give<ArrowSchema, kSchema>(std::move(schema));
}
nb::object ArrayCapsule(OwnedArray array) { return Give<ArrowArray, kArray>(std::move(array)); }

OwnedStream ChainStream(OwnedSchema schema, std::vector<std::shared_ptr<const OwnedArray>> batches,
                        OwnedStream rest) {
  ArrowArrayStream stream{};
  stream.get_schema = &ChainSchema;
  stream.get_next = &ChainNext;
  stream.get_last_error = &ChainError;
  stream.release = &ChainRelease;
  stream.private_data = new Chain{std::move(schema), std::move(batches), std::move(rest)};
  return OwnedStream(stream);
}

}  // namespace rhizo::python
