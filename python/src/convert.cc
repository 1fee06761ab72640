#include "convert.h"

#include "errors.h"

namespace nb = nanobind;

namespace rhizo::python {
namespace {

struct Columns {
  std::vector<ValueReaderPtr> readers;
  int64_t offset = 0;
};

Columns ReadersOf(const ArrowSchema& schema, const ArrowArray& batch, bool lenient) {
  Columns columns;
  columns.offset = batch.offset;
  for (int64_t i = 0; i < schema.n_children; ++i) {
    const ArrowSchema& child = *schema.children[i];
    columns.readers.push_back(
        MakeReader(child, {child.name == nullptr ? "" : child.name, lenient}));
  }
  return columns;
}

}  // namespace

nb::object ValueReader::Value(const ArrowArray& array, int64_t index) const {
  int64_t row = array.offset + index;
  bool checks = HasValidity() && array.null_count != 0 && array.n_buffers > 0;
  if (checks && array.buffers[0] != nullptr && !Bit(array.buffers[0], row)) return nb::none();
  return Present(array, row);
}

ValueReaderPtr MakeReader(const ArrowSchema& schema, const ReadStyle& style) {
  for (auto make : {&MakeExtensionReader, &MakeNestedReader, &MakeNumberReader, &MakeTextReader,
                    &MakeTimeReader}) {
    if (ValueReaderPtr reader = make(schema, style)) return reader;
  }
  Raise(Error(ErrorCode::kSchema, "column \"" + style.column + "\" has the Arrow format \"" +
                                      schema.format + "\", which has no Python value")
            .With("column", style.column));
}

nb::list RowTuples(const ArrowSchema& schema, const ArrowArray& batch, int64_t begin, int64_t end,
                   bool lenient) {
  Columns columns = ReadersOf(schema, batch, lenient);
  nb::list rows;
  for (int64_t row = begin; row < end; ++row) {
    PyObject* tuple = PyTuple_New(static_cast<Py_ssize_t>(columns.readers.size()));
    if (tuple == nullptr) throw nb::python_error();
    nb::object owned = nb::steal(tuple);
    for (size_t i = 0; i < columns.readers.size(); ++i) {
      nb::object value = columns.readers[i]->Value(*batch.children[i], columns.offset + row);
      PyTuple_SET_ITEM(tuple, static_cast<Py_ssize_t>(i), value.release().ptr());
    }
    rows.append(owned);
  }
  return rows;
}

nb::list ColumnLists(const ArrowSchema& schema, const ArrowArray& batch, int64_t begin, int64_t end,
                     bool lenient) {
  Columns columns = ReadersOf(schema, batch, lenient);
  nb::list lists;
  for (size_t i = 0; i < columns.readers.size(); ++i) {
    nb::list values;
    for (int64_t row = begin; row < end; ++row) {
      values.append(columns.readers[i]->Value(*batch.children[i], columns.offset + row));
    }
    lists.append(values);
  }
  return lists;
}

nb::list ColumnValues(const ArrowSchema& schema, const ArrowArray& batch, size_t column) {
  const ArrowSchema& child = *schema.children[column];
  ValueReaderPtr reader = MakeReader(child, {child.name == nullptr ? "" : child.name, false});
  nb::list values;
  for (int64_t row = 0; row < batch.length; ++row) {
    values.append(reader->Value(*batch.children[column], batch.offset + row));
  }
  return values;
}

void RaiseUnreadable(const ReadStyle& style, const std::string& what) {
  Raise(Error(ErrorCode::kInvalidArgument, "column \"" + style.column + "\": " + what)
            .With("column", style.column));
}

}  // namespace rhizo::python
