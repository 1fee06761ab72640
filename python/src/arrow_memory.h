// Owners of Arrow C structs (released exactly once), copies of schemas, and shared views of arrays.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rhizo/arrow_c_data.h"

namespace rhizo::python {

// A C struct of the Arrow interfaces and the duty to release it. Move-only.
template <class Struct>
class Owned {
 public:
  Owned() = default;
  explicit Owned(Struct value) : value_(value) {}
  Owned(Owned&& other) noexcept : value_(other.Take()) {}
  Owned& operator=(Owned&& other) noexcept {
    if (this != &other) {
      Release();
      value_ = other.Take();
    }
    return *this;
  }
  ~Owned() { Release(); }

  Struct* get() { return &value_; }
  const Struct* get() const { return &value_; }
  bool empty() const { return value_.release == nullptr; }
  // Gives the duty away.
  Struct Take() { return std::exchange(value_, Struct{}); }

 private:
  void Release() {
    if (value_.release != nullptr) value_.release(&value_);
    value_ = Struct{};
  }
  Struct value_{};
};

using OwnedSchema = Owned<ArrowSchema>;
using OwnedArray = Owned<ArrowArray>;
using OwnedStream = Owned<ArrowArrayStream>;

// A deep copy.
ArrowSchema CopySchema(const ArrowSchema& schema);
// The same values under another owner: buffers are shared and live until the last view is released.
ArrowArray ShareArray(const std::shared_ptr<const OwnedArray>& array);
// Only these columns of a struct schema or a struct array.
// own.
ArrowSchema PickColumns(const ArrowSchema& schema, const std::vector<size_t>& columns);
ArrowArray PickColumns(const std::shared_ptr<const OwnedArray>& array,
                       const std::vector<size_t>& columns);

// A struct schema with these children, which are taken over.
ArrowSchema MakeStructSchema(std::vector<OwnedSchema> children);
// Renames `schema` (made by CopySchema) and says whether it may hold nulls.
void SetField(ArrowSchema* schema, std::string name, bool nullable);

// The value of `key` in Arrow's binary metadata; "" if it is not there.
std::string_view MetadataValue(const char* metadata, std::string_view key);

}  // namespace rhizo::python
