// Lists, structs, maps, unions, dictionaries and run ends.
#include <array>
#include <string_view>

#include "convert.h"

namespace nb = nanobind;

namespace rhizo::python {
namespace {

class NestedReader : public ValueReader {
 protected:
  NestedReader(const ArrowSchema& schema, const ReadStyle& style) {
    for (int64_t i = 0; i < schema.n_children; ++i) {
      children_.push_back(MakeReader(*schema.children[i], style));
      names_.emplace_back(schema.children[i]->name == nullptr ? "" : schema.children[i]->name);
    }
  }
  nb::object Child(const ArrowArray& array, size_t child, int64_t index) const {
    return children_[child]->Value(*array.children[child], index);
  }
  nb::list Span(const ArrowArray& array, int64_t begin, int64_t size) const {
    nb::list values;
    for (int64_t i = begin; i < begin + size; ++i) values.append(Child(array, 0, i));
    return values;
  }

  std::vector<ValueReaderPtr> children_;
  std::vector<std::string> names_;
};

template <class Offset>
class ListReader final : public NestedReader {
 public:
  ListReader(const ArrowSchema& schema, const ReadStyle& style) : NestedReader(schema, style) {}

 protected:
  nb::object Present(const ArrowArray& array, int64_t row) const override {
    auto begin = Element<Offset>(array, 1, row);
    return Span(array, begin, Element<Offset>(array, 1, row + 1) - begin);
  }
};

template <class Offset>
class ListViewReader final : public NestedReader {
 public:
  ListViewReader(const ArrowSchema& schema, const ReadStyle& style) : NestedReader(schema, style) {}

 protected:
  nb::object Present(const ArrowArray& array, int64_t row) const override {
    return Span(array, Element<Offset>(array, 1, row), Element<Offset>(array, 2, row));
  }
};

class FixedListReader final : public NestedReader {
 public:
  FixedListReader(const ArrowSchema& schema, const ReadStyle& style, int64_t size)
      : NestedReader(schema, style), size_(size) {}

 protected:
  nb::object Present(const ArrowArray& array, int64_t row) const override {
    return Span(array, row * size_, size_);
  }

 private:
  int64_t size_;
};

class StructReader final : public NestedReader {
 public:
  StructReader(const ArrowSchema& schema, const ReadStyle& style) : NestedReader(schema, style) {}

 protected:
  nb::object Present(const ArrowArray& array, int64_t row) const override {
    nb::dict value;
    for (size_t i = 0; i < children_.size(); ++i)
      value[nb::str(names_[i].c_str())] = Child(array, i, row);
    return value;
  }
};

// A dict, or a list of (key, value) where a key cannot be hashed.
class MapReader final : public ValueReader {
 public:
  MapReader(const ArrowSchema& entries, const ReadStyle& style)
      : key_(MakeReader(*entries.children[0], style)),
        value_(MakeReader(*entries.children[1], style)) {}

 protected:
  nb::object Present(const ArrowArray& array, int64_t row) const override {
    const ArrowArray& entries = *array.children[0];
    nb::list pairs;
    for (auto i = Element<int32_t>(array, 1, row); i < Element<int32_t>(array, 1, row + 1); ++i) {
      int64_t at = entries.offset + i;
      pairs.append(nb::make_tuple(key_->Value(*entries.children[0], at),
                                  value_->Value(*entries.children[1], at)));
    }
    return AsDict(pairs);
  }

 private:
  static nb::object AsDict(const nb::list& pairs) {
    PyObject* dict = PyDict_New();
    if (dict == nullptr) throw nb::python_error();
    nb::object owned = nb::steal(dict);
    if (PyDict_MergeFromSeq2(dict, pairs.ptr(), 1) == 0) return owned;
    if (!PyErr_ExceptionMatches(PyExc_TypeError)) throw nb::python_error();
    PyErr_Clear();
    return pairs;
  }

  ValueReaderPtr key_;
  ValueReaderPtr value_;
};

class UnionReader final : public NestedReader {
 public:
  UnionReader(const ArrowSchema& schema, const ReadStyle& style) : NestedReader(schema, style) {
    std::string ids(std::string_view(schema.format).substr(4));
    dense_ = schema.format[2] == 'd';
    child_of_.fill(0);
    size_t child = 0;
    for (size_t at = 0; at < ids.size();
         at = ids.find(',', at) == ids.npos ? ids.size() : ids.find(',', at) + 1) {
      child_of_[static_cast<size_t>(std::stoi(ids.substr(at))) & 127] = child++;
    }
  }

 protected:
  bool HasValidity() const override { return false; }
  nb::object Present(const ArrowArray& array, int64_t row) const override {
    size_t child = child_of_[static_cast<size_t>(Element<int8_t>(array, 0, row)) & 127];
    return Child(array, child, dense_ ? Element<int32_t>(array, 1, row) : row);
  }

 private:
  std::array<size_t, 128> child_of_;
  bool dense_ = false;
};

class DictionaryReader final : public ValueReader {
 public:
  DictionaryReader(const ArrowSchema& schema, const ReadStyle& style)
      : format_(schema.format[0]), values_(MakeReader(*schema.dictionary, style)) {}

 protected:
  nb::object Present(const ArrowArray& array, int64_t row) const override {
    return values_->Value(*array.dictionary, Index(array, row));
  }

 private:
  int64_t Index(const ArrowArray& array, int64_t row) const {
    switch (format_) {
      case 'c': return Element<int8_t>(array, 1, row);
      case 'C': return Element<uint8_t>(array, 1, row);
      case 's': return Element<int16_t>(array, 1, row);
      case 'S': return Element<uint16_t>(array, 1, row);
      case 'i': return Element<int32_t>(array, 1, row);
      case 'I': return Element<uint32_t>(array, 1, row);
      default: return Element<int64_t>(array, 1, row);
    }
  }

  char format_;
  ValueReaderPtr values_;
};

class RunEndReader final : public NestedReader {
 public:
  RunEndReader(const ArrowSchema& schema, const ReadStyle& style)
      : NestedReader(schema, style), width_(schema.children[0]->format[0]) {}

 protected:
  bool HasValidity() const override { return false; }
  nb::object Present(const ArrowArray& array, int64_t row) const override {
    int64_t low = 0;
    int64_t high = array.children[0]->length - 1;
    while (low < high) {
      int64_t middle = (low + high) / 2;
      if (RunEnd(*array.children[0], middle) <= row) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return Child(array, 1, low);
  }

 private:
  int64_t RunEnd(const ArrowArray& ends, int64_t index) const {
    int64_t row = ends.offset + index;
    if (width_ == 's') return Element<int16_t>(ends, 1, row);
    if (width_ == 'i') return Element<int32_t>(ends, 1, row);
    return Element<int64_t>(ends, 1, row);
  }
  char width_;
};

}  // namespace

ValueReaderPtr MakeNestedReader(const ArrowSchema& schema, const ReadStyle& style) {
  std::string_view format = schema.format;
  if (schema.dictionary != nullptr) return std::make_unique<DictionaryReader>(schema, style);
  if (format == "+l") return std::make_unique<ListReader<int32_t>>(schema, style);
  if (format == "+L") return std::make_unique<ListReader<int64_t>>(schema, style);
  if (format == "+vl") return std::make_unique<ListViewReader<int32_t>>(schema, style);
  if (format == "+vL") return std::make_unique<ListViewReader<int64_t>>(schema, style);
  if (format == "+s") return std::make_unique<StructReader>(schema, style);
  if (format == "+m") return std::make_unique<MapReader>(*schema.children[0], style);
  if (format == "+r") return std::make_unique<RunEndReader>(schema, style);
  if (format.starts_with("+u")) return std::make_unique<UnionReader>(schema, style);
  if (format.starts_with("+w:")) {
    return std::make_unique<FixedListReader>(schema, style,
                                             std::stoll(std::string(format.substr(3))));
  }
  return nullptr;
}

}  // namespace rhizo::python
