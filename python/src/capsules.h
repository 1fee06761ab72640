// Arrow structs in and out of PyCapsules, as the Arrow PyCapsule interface names them. Whoever
// takes a struct out of a capsule leaves it with a null release, so it is released exactly once.
#pragma once

#include <nanobind/nanobind.h>

#include "arrow_memory.h"
#include "interrupt.h"

namespace rhizo::python {

OwnedStream TakeStream(nanobind::handle capsule);
OwnedSchema TakeSchema(nanobind::handle capsule);
OwnedArray TakeArray(nanobind::handle capsule);
nanobind::object StreamCapsule(OwnedStream stream);
nanobind::object SchemaCapsule(OwnedSchema schema);
nanobind::object ArrayCapsule(OwnedArray array);

// Batches already here, then what `rest` (may be empty) still gives.
OwnedStream ChainStream(OwnedSchema schema, std::vector<std::shared_ptr<const OwnedArray>> batches,
                        OwnedStream rest);

}  // namespace rhizo::python
