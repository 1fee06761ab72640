// DuckDB's and Arrow's extension types: values under another name.
#include <cstring>
#include <string_view>

#include "arrow_memory.h"
#include "convert.h"

namespace nb = nanobind;

namespace rhizo::python {
namespace {

// The bytes of a value of the storage type, as its own reader gives them.
class StoredReader final : public ValueReader {
 public:
  using Convert = nb::object (*)(std::string_view);
  StoredReader(ValueReaderPtr storage, Convert convert)
      : storage_(std::move(storage)), convert_(convert) {}

 protected:
  nb::object Present(const ArrowArray& array, int64_t row) const override {
    nb::object value = storage_->Value(array, row - array.offset);
    char* bytes = nullptr;
    Py_ssize_t size = 0;
    if (PyBytes_AsStringAndSize(value.ptr(), &bytes, &size) != 0) throw nb::python_error();
    return convert_({bytes, static_cast<size_t>(size)});
  }

 private:
  ValueReaderPtr storage_;
  Convert convert_;
};

nb::object FromBytes(std::string_view bytes, bool is_signed) {
  return nb::borrow(reinterpret_cast<PyObject*>(&PyLong_Type))
      .attr("from_bytes")(nb::bytes(bytes.data(), bytes.size()), "little",
                          nb::arg("signed") = is_signed);
}
nb::object Huge(std::string_view bytes) { return FromBytes(bytes, true); }
nb::object UnsignedHuge(std::string_view bytes) { return FromBytes(bytes, false); }

nb::object Uuid(std::string_view bytes) {
  static PyObject* type = nb::object(nb::module_::import_("uuid").attr("UUID")).release().ptr();
  return nb::handle(type)(nb::arg("bytes") = nb::bytes(bytes.data(), bytes.size()));
}

// First byte: how many of the first bits are padding.
nb::object Bits(std::string_view bytes) {
  std::string text;
  for (size_t i = 8; i < bytes.size() * 8; ++i) {
    text += (static_cast<unsigned char>(bytes[i / 8]) >> (7 - i % 8) & 1) != 0 ? '1' : '0';
  }
  auto padding =
      bytes.empty() ? size_t{0} : static_cast<size_t>(static_cast<unsigned char>(bytes[0]));
  return nb::str(text.substr(std::min(padding, text.size())).c_str());
}

// 40 bits of microseconds, 24 bits of the offset counted down from +15:59:59.
nb::object TimeWithZone(std::string_view bytes) {
  uint64_t packed = 0;
  std::memcpy(&packed, bytes.data(), std::min(bytes.size(), sizeof packed));
  auto micros = static_cast<int64_t>(packed >> 24);
  int64_t offset = 57'599 - static_cast<int64_t>(packed & 0xFF'FFFF);
  return nb::module_::import_("rhizo.time_zones").attr("time_with_offset")(micros, offset);
}

StoredReader::Convert OpaqueConvert(std::string_view metadata) {
  if (metadata.find("\"uhugeint\"") != metadata.npos) return &UnsignedHuge;
  if (metadata.find("\"hugeint\"") != metadata.npos) return &Huge;
  if (metadata.find("\"bit\"") != metadata.npos) return &Bits;
  if (metadata.find("\"time_tz\"") != metadata.npos) return &TimeWithZone;
  return nullptr;
}

ValueReaderPtr MakeStorageReader(const ArrowSchema& schema, const ReadStyle& style) {
  ArrowSchema storage = schema;
  storage.metadata = nullptr;
  return MakeReader(storage, style);
}

ValueReaderPtr ReadsBool8(const ArrowSchema& schema, const ReadStyle& style) {
  if (std::string_view(schema.format) != "c") return MakeStorageReader(schema, style);
  return Reads([](const ArrowArray& array, int64_t row) -> nb::object {
    return nb::bool_(Element<int8_t>(array, 1, row) != 0);
  });
}

}  // namespace

// The engine's 128-bit whole numbers travel as decimals with a note.
ValueReaderPtr ReadsWholeNumbers(std::string_view type) {
  bool is_signed = type == "HUGEINT";
  return Reads([is_signed](const ArrowArray& array, int64_t row) {
    return FromBytes({static_cast<const char*>(array.buffers[1]) + 16 * row, 16}, is_signed);
  });
}

ValueReaderPtr MakeExtensionReader(const ArrowSchema& schema, const ReadStyle& style) {
  std::string_view noted = MetadataValue(schema.metadata, "rhizo:type");
  bool is_whole = std::string_view(schema.format) == "d:38,0" && noted.ends_with("HUGEINT");
  if (is_whole) return ReadsWholeNumbers(noted);
  std::string_view name = MetadataValue(schema.metadata, "ARROW:extension:name");
  if (name.empty()) return nullptr;
  if (name == "arrow.bool8") return ReadsBool8(schema, style);
  StoredReader::Convert convert = nullptr;
  if (name == "arrow.uuid") convert = &Uuid;
  if (name == "arrow.opaque")
    convert = OpaqueConvert(MetadataValue(schema.metadata, "ARROW:extension:metadata"));
  ValueReaderPtr storage = MakeStorageReader(schema, style);
  if (convert == nullptr) return storage;
  return std::make_unique<StoredReader>(std::move(storage), convert);
}

}  // namespace rhizo::python
