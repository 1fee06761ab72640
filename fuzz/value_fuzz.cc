// One value of any type, as defaults and bounds store it. The input is a type, then the value.
#include "base/check.h"
#include "model/schema_coding.h"
#include "table/single_value.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rhizo;  // NOLINT(build/namespaces)
  Decoder input(std::string_view(reinterpret_cast<const char*>(data), size));
  const std::string_view type_bytes = input.String();
  const std::string_view bytes = input.Raw(input.remaining());
  auto type = model::DecodeType(type_bytes);
  if (!type) return 0;
  auto value = table::DecodeValue(*type, bytes);
  if (!value) return 0;
  CHECK(table::EncodeValue(*type, *value) == bytes);
  if (table::HasBounds(*type)) CHECK(table::CompareValues(*type, bytes, bytes) == 0);
  return 0;
}
