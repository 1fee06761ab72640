#include "schema.h"

#include <nanobind/stl/string.h>

#include "capsules.h"
#include "convert.h"

namespace nb = nanobind;

namespace rhizo::python {
namespace {

// A struct schema of (name, schema capsule, nullable) columns.
nb::object StructSchema(nb::list columns) {
  std::vector<OwnedSchema> children;
  for (nb::handle column : columns) {
    auto parts = nb::cast<nb::tuple>(column);
    OwnedSchema taken = TakeSchema(parts[1]);
    ArrowSchema child = CopySchema(*taken.get());
    SetField(&child, nb::cast<std::string>(parts[0]), nb::cast<bool>(parts[2]));
    children.emplace_back(child);
  }
  return SchemaCapsule(OwnedSchema(MakeStructSchema(std::move(children))));
}

// The first column's schema of a struct schema.
nb::object FirstColumnSchema(nb::handle schema) {
  OwnedSchema taken = TakeSchema(schema);
  if (taken.get()->n_children == 0) throw nb::value_error("a schema without columns");
  return SchemaCapsule(OwnedSchema(CopySchema(*taken.get()->children[0])));
}

nb::object StreamOfBatch(nb::handle schema, nb::handle array) {
  std::vector<std::shared_ptr<const OwnedArray>> batches;
  batches.push_back(std::make_shared<OwnedArray>(TakeArray(array)));
  return StreamCapsule(ChainStream(TakeSchema(schema), std::move(batches), OwnedStream()));
}

// The values of one array as a list.
nb::list Values(nb::handle schema, nb::handle array) {
  OwnedSchema type = TakeSchema(schema);
  OwnedArray values = TakeArray(array);
  ValueReaderPtr reader =
      MakeReader(*type.get(), {type.get()->name == nullptr ? "" : type.get()->name, true});
  nb::list out;
  for (int64_t row = 0; row < values.get()->length; ++row)
    out.append(reader->Value(*values.get(), row));
  return out;
}

}  // namespace

void BindSchema(nb::module_& module) {
  module.def("struct_schema", &StructSchema);
  module.def("first_column_schema", &FirstColumnSchema);
  module.def("stream_of_batch", &StreamOfBatch);
  module.def("values", &Values);
}

}  // namespace rhizo::python
