// Numbers, booleans, null and decimals.
#include <nanobind/stl/string.h>

#include <cstring>
#include <string_view>

#include "convert.h"

namespace nb = nanobind;

namespace rhizo::python {
namespace {

template <class T>
ValueReaderPtr ReadsNumber() {
  return Reads([](const ArrowArray& array, int64_t row) -> nb::object {
    if constexpr (std::is_floating_point_v<T>) {
      return nb::steal(PyFloat_FromDouble(Element<T>(array, 1, row)));
    } else if constexpr (std::is_signed_v<T>) {
      return nb::steal(PyLong_FromLongLong(Element<T>(array, 1, row)));
    } else {
      return nb::steal(PyLong_FromUnsignedLongLong(Element<T>(array, 1, row)));
    }
  });
}

nb::object HalfFloat(const ArrowArray& array, int64_t row) {
  const char* bytes = static_cast<const char*>(array.buffers[1]) + 2 * row;
  return nb::steal(PyFloat_FromDouble(PyFloat_Unpack2(bytes, 1)));
}

struct DecimalFormat {
  int scale = 0;
  int bytes = 16;
};

// "d:precision,scale" or "d:precision,scale,bits".
DecimalFormat ParseDecimal(const std::string& format) {
  DecimalFormat out;
  size_t comma = format.find(',');
  size_t bits = format.find(',', comma + 1);
  out.scale = std::stoi(format.substr(comma + 1));
  if (bits != format.npos) out.bytes = std::stoi(format.substr(bits + 1)) / 8;
  return out;
}

// The digits of a whole number with the point put in.
std::string WithPoint(std::string digits, int scale) {
  if (scale == 0) return digits;
  if (scale < 0) return digits + "E" + std::to_string(-scale);
  bool negative = digits.front() == '-';
  if (negative) digits.erase(0, 1);
  auto places = static_cast<size_t>(scale);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  digits.insert(digits.size() - places, ".");
  if (negative) digits.insert(size_t{0}, size_t{1}, '-');
  return digits;
}

nb::object WholeNumber(const char* bytes, int size) {
  if (size <= 8) {
    int64_t value = 0;
    if (size == 4) {
      int32_t narrow = 0;
      std::memcpy(&narrow, bytes, 4);
      value = narrow;
    } else {
      std::memcpy(&value, bytes, 8);
    }
    return nb::int_(value);
  }
  return nb::borrow(reinterpret_cast<PyObject*>(&PyLong_Type))
      .attr("from_bytes")(nb::bytes(bytes, static_cast<size_t>(size)), "little",
                          nb::arg("signed") = true);
}

ValueReaderPtr ReadsDecimal(const std::string& format) {
  DecimalFormat shape = ParseDecimal(format);
  nb::object decimal = nb::module_::import_("decimal").attr("Decimal");
  return Reads([shape, decimal](const ArrowArray& array, int64_t row) -> nb::object {
    const char* bytes = static_cast<const char*>(array.buffers[1]) + row * shape.bytes;
    nb::object whole = WholeNumber(bytes, shape.bytes);
    return decimal(WithPoint(nb::cast<std::string>(nb::str(whole)), shape.scale));
  });
}

}  // namespace

ValueReaderPtr MakeNumberReader(const ArrowSchema& schema, const ReadStyle&) {
  std::string format = schema.format;
  if (format.starts_with("d:")) return ReadsDecimal(format);
  if (format.size() != 1) return nullptr;
  switch (format[0]) {
    case 'n': return Reads([](const ArrowArray&, int64_t) -> nb::object { return nb::none(); });
    case 'b':
      return Reads([](const ArrowArray& array, int64_t row) -> nb::object {
        return nb::bool_(Bit(array.buffers[1], row));
      });
    case 'c': return ReadsNumber<int8_t>();
    case 'C': return ReadsNumber<uint8_t>();
    case 's': return ReadsNumber<int16_t>();
    case 'S': return ReadsNumber<uint16_t>();
    case 'i': return ReadsNumber<int32_t>();
    case 'I': return ReadsNumber<uint32_t>();
    case 'l': return ReadsNumber<int64_t>();
    case 'L': return ReadsNumber<uint64_t>();
    case 'e': return Reads(&HalfFloat);
    case 'f': return ReadsNumber<float>();
    case 'g': return ReadsNumber<double>();
    default: return nullptr;
  }
}

}  // namespace rhizo::python
