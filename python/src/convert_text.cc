// Strings and bytes in every layout Arrow has.
#include <cstring>
#include <string_view>

#include "convert.h"

namespace nb = nanobind;

namespace rhizo::python {
namespace {

template <class Offset>
std::string_view Slice(const ArrowArray& array, int64_t row) {
  auto begin = Element<Offset>(array, 1, row);
  auto end = Element<Offset>(array, 1, row + 1);
  if (begin == end) return {};
  return {static_cast<const char*>(array.buffers[2]) + begin, static_cast<size_t>(end - begin)};
}

// Views of 16 bytes: size, then up to 12 bytes inline, or prefix, buffer number and offset.
std::string_view View(const ArrowArray& array, int64_t row) {
  const char* view = static_cast<const char*>(array.buffers[1]) + 16 * row;
  int32_t size = 0, buffer = 0, offset = 0;
  std::memcpy(&size, view, 4);
  if (size <= 12) return {view + 4, static_cast<size_t>(size)};
  std::memcpy(&buffer, view + 8, 4);
  std::memcpy(&offset, view + 12, 4);
  return {static_cast<const char*>(array.buffers[2 + buffer]) + offset, static_cast<size_t>(size)};
}

nb::object Text(std::string_view bytes) {
  PyObject* text =
      PyUnicode_DecodeUTF8(bytes.data(), static_cast<Py_ssize_t>(bytes.size()), nullptr);
  if (text == nullptr) throw nb::python_error();
  return nb::steal(text);
}

template <std::string_view (*kSlice)(const ArrowArray&, int64_t)>
ValueReaderPtr ReadsText() {
  return Reads([](const ArrowArray& array, int64_t row) { return Text(kSlice(array, row)); });
}

template <std::string_view (*kSlice)(const ArrowArray&, int64_t)>
ValueReaderPtr ReadsBytes() {
  return Reads([](const ArrowArray& array, int64_t row) -> nb::object {
    std::string_view bytes = kSlice(array, row);
    return nb::bytes(bytes.data(), bytes.size());
  });
}

ValueReaderPtr ReadsFixed(size_t width) {
  return Reads([width](const ArrowArray& array, int64_t row) -> nb::object {
    return nb::bytes(static_cast<const char*>(array.buffers[1]) + static_cast<size_t>(row) * width,
                     width);
  });
}

}  // namespace

ValueReaderPtr MakeTextReader(const ArrowSchema& schema, const ReadStyle&) {
  std::string_view format = schema.format;
  if (format == "u") return ReadsText<&Slice<int32_t>>();
  if (format == "U") return ReadsText<&Slice<int64_t>>();
  if (format == "vu") return ReadsText<&View>();
  if (format == "z") return ReadsBytes<&Slice<int32_t>>();
  if (format == "Z") return ReadsBytes<&Slice<int64_t>>();
  if (format == "vz") return ReadsBytes<&View>();
  if (format.starts_with("w:")) return ReadsFixed(std::stoul(std::string(format.substr(2))));
  return nullptr;
}

}  // namespace rhizo::python
