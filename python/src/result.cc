#include "result.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "capsules.h"
#include "convert.h"
#include "errors.h"
#include "facts.h"
#include "guarded_stream.h"

namespace nb = nanobind;

namespace rhizo::python {
namespace {

Error StreamTaken() {
  return InvalidArgument(
      "the rows of this result were handed out as a stream already; run the statement again");
}

Result<OwnedSchema> SchemaOfStream(ArrowArrayStream* stream) {
  OwnedSchema schema;
  if (stream->get_schema(stream, schema.get()) == 0) return schema;
  const char* text = stream->get_last_error(stream);
  return Error(ErrorCode::kIo, text == nullptr ? "reading the schema failed" : text);
}

// Arrow's consumers offer a schema they would like; the interface allows to ignore it.
nb::object BatchCapsules(const Batch& batch, nb::object) { return batch.ArrowArrayCapsules(); }

}  // namespace

nb::list Batch::Tuples(int64_t begin, int64_t end, bool lenient) const {
  return RowTuples(*schema_->get(), *array_->get(), begin, end, lenient);
}

nb::list Batch::Lists(int64_t begin, int64_t end, bool lenient) const {
  return ColumnLists(*schema_->get(), *array_->get(), begin, end, lenient);
}

nb::list Batch::Column(size_t column) const {
  return ColumnValues(*schema_->get(), *array_->get(), column);
}

nb::tuple Batch::ArrowArrayCapsules() const {
  return nb::make_tuple(SchemaCapsule(OwnedSchema(CopySchema(*schema_->get()))),
                        ArrayCapsule(OwnedArray(ShareArray(array_))));
}

Cursor::Cursor(QueryResult result, Cancellation cancellation)
    : result_(std::make_unique<QueryResult>(std::move(result))),
      cancellation_(std::move(cancellation)) {}

Cursor::~Cursor() {
  nb::gil_scoped_release release;
  stream_.reset();
  result_.reset();
}

nb::list Cursor::Columns() const { return ToPython(result_->columns()); }

void Cursor::Begin() {
  if (stream_.has_value()) return;
  OwnedStream stream;
  Unwrap(RunBriefly([&] { return result_->Export(stream.get()); }));
  stream_ = std::move(stream);
}

const std::shared_ptr<const OwnedSchema>& Cursor::Schema() {
  if (schema_ == nullptr) {
    Begin();
    if (stream_->empty()) Raise(StreamTaken());
    schema_ = std::make_shared<OwnedSchema>(
        Unwrap(RunBriefly([&] { return SchemaOfStream(stream_->get()); })));
  }
  return schema_;
}

nb::object Cursor::Next() {
  Schema();
  if (stream_->empty()) Raise(StreamTaken());
  OwnedArray array = Unwrap(RunBlocking(cancellation_, [&] { return PullBatch(stream_->get()); }));
  if (array.empty()) return nb::none();
  return nb::cast(Batch(schema_, std::make_shared<OwnedArray>(std::move(array))));
}

nb::object Cursor::ArrowSchemaCapsule() {
  return SchemaCapsule(OwnedSchema(CopySchema(*Schema()->get())));
}

nb::list Cursor::ArrowFormats() {
  nb::list formats;
  const ArrowSchema& schema = *Schema()->get();
  for (int64_t i = 0; i < schema.n_children; ++i) {
    const ArrowSchema& column = *schema.children[i];
    std::string format(MetadataValue(column.metadata, "ARROW:extension:name"));
    if (!format.empty()) format += MetadataValue(column.metadata, "ARROW:extension:metadata");
    if (format.empty()) format = MetadataValue(column.metadata, "rhizo:type");
    formats.append(format.empty() ? column.format : format);
  }
  return formats;
}

nb::object Cursor::ArrowStreamCapsule(const std::vector<const Batch*>& batches, bool done) {
  OwnedSchema schema(CopySchema(*Schema()->get()));
  std::vector<std::shared_ptr<const OwnedArray>> arrays;
  for (const Batch* batch : batches) arrays.push_back(batch->array());
  OwnedStream rest;
  if (!done) {
    if (stream_->empty()) Raise(StreamTaken());
    rest = InterruptibleStream(std::move(*stream_), cancellation_);
  }
  return StreamCapsule(ChainStream(std::move(schema), std::move(arrays), std::move(rest)));
}

nb::object Cursor::ColumnsCapsule(const std::vector<const Batch*>& batches,
                                  const std::vector<size_t>& columns) {
  std::vector<std::shared_ptr<const OwnedArray>> picked;
  for (const Batch* batch : batches) {
    picked.push_back(std::make_shared<OwnedArray>(PickColumns(batch->array(), columns)));
  }
  OwnedSchema schema(PickColumns(*Schema()->get(), columns));
  return StreamCapsule(ChainStream(std::move(schema), std::move(picked), OwnedStream()));
}

void BindResult(nb::module_& module) {
  nb::class_<Batch>(module, "Batch")
      .def_prop_ro("rows", &Batch::rows)
      .def("tuples", &Batch::Tuples, nb::arg("begin"), nb::arg("end"), nb::arg("lenient") = false)
      .def("lists", &Batch::Lists, nb::arg("begin"), nb::arg("end"), nb::arg("lenient") = false)
      .def("column", &Batch::Column, nb::arg("place"))
      .def("__arrow_c_array__", &BatchCapsules, nb::arg("requested_schema") = nb::none());
  nb::class_<Cursor>(module, "Cursor")
      .def_prop_ro("columns", &Cursor::Columns)
      .def_prop_ro("commit", &Cursor::commit)
      .def_prop_ro("version", &Cursor::version)
      .def("next", &Cursor::Next)
      .def("arrow_schema", &Cursor::ArrowSchemaCapsule)
      .def("arrow_formats", &Cursor::ArrowFormats)
      .def("arrow_stream", &Cursor::ArrowStreamCapsule, nb::arg("batches"), nb::arg("done"))
      .def("arrow_columns", &Cursor::ColumnsCapsule, nb::arg("batches"), nb::arg("columns"));
}

}  // namespace rhizo::python
