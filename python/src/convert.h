// Arrow arrays as Python objects, without pyarrow. Every Arrow layout and DuckDB's extension types;
// values that Python's types cannot hold (years beyond 9999, nanoseconds) are an error naming the
// column, never cut off.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <string>
#include <vector>

#include "rhizo/arrow_c_data.h"

namespace rhizo::python {

// Reads the values of one column. Made once per schema, used for any of its batches.
class ValueReader {
 public:
  virtual ~ValueReader() = default;
  // The value at `index` counted from the array's offset; None for null.
  nanobind::object Value(const ArrowArray& array, int64_t index) const;

 protected:
  virtual nanobind::object Present(const ArrowArray& array, int64_t row) const = 0;
  // Unions and run ends have no validity bitmap.
  virtual bool HasValidity() const { return true; }
};
using ValueReaderPtr = std::unique_ptr<const ValueReader>;

// How to read: `lenient` gives text in place of values that Python cannot hold (for showing them).
struct ReadStyle {
  std::string column;
  bool lenient = false;
};

// Throws a Python exception (SchemaError) for a format it does not know.
ValueReaderPtr MakeReader(const ArrowSchema& schema, const ReadStyle& style);
// Makers per family; null if the format is not theirs.
ValueReaderPtr MakeNumberReader(const ArrowSchema& schema, const ReadStyle& style);
ValueReaderPtr MakeTextReader(const ArrowSchema& schema, const ReadStyle& style);
ValueReaderPtr MakeTimeReader(const ArrowSchema& schema, const ReadStyle& style);
ValueReaderPtr MakeNestedReader(const ArrowSchema& schema, const ReadStyle& style);
ValueReaderPtr MakeExtensionReader(const ArrowSchema& schema, const ReadStyle& style);

// Rows [begin, end) of a struct batch as tuples, or its columns as lists.
nanobind::list RowTuples(const ArrowSchema& schema, const ArrowArray& batch, int64_t begin,
                         int64_t end, bool lenient);
nanobind::list ColumnLists(const ArrowSchema& schema, const ArrowArray& batch, int64_t begin,
                           int64_t end, bool lenient);
// All values of one column of a struct batch.
nanobind::list ColumnValues(const ArrowSchema& schema, const ArrowArray& batch, size_t column);

// Element `row` of a buffer of plain values.
template <class T>
T Element(const ArrowArray& array, int buffer, int64_t row) {
  return static_cast<const T*>(array.buffers[buffer])[row];
}
inline bool Bit(const void* buffer, int64_t row) {
  return (static_cast<const uint8_t*>(buffer)[row / 8] >> (row % 8) & 1) != 0;
}
// A reader made of a function (array, row) -> object.
template <class F>
class FunctionReader final : public ValueReader {
 public:
  explicit FunctionReader(F function) : function_(std::move(function)) {}

 protected:
  nanobind::object Present(const ArrowArray& array, int64_t row) const override {
    return function_(array, row);
  }

 private:
  F function_;
};
template <class F>
ValueReaderPtr Reads(F function) {
  return std::make_unique<FunctionReader<F>>(std::move(function));
}

// SchemaError / InvalidArgumentError about a column.
[[noreturn]] void RaiseUnreadable(const ReadStyle& style, const std::string& what);

}  // namespace rhizo::python
