// A patch is refused, or encoding what it says gives a patch that says the same (compressed ones
// may be compressed differently).
#include "table/patch.h"

#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rhizo;  // NOLINT(build/namespaces)
  auto patch = table::DecodePatch({reinterpret_cast<const char*>(data), size});
  if (!patch) return 0;
  auto bytes = table::EncodePatch(patch->field, patch->type, patch->slots, patch->values);
  auto again = table::DecodePatch(bytes);
  CHECK(again && again->slots == patch->slots);
  CHECK(table::EncodePatch(again->field, again->type, again->slots, again->values) == bytes);
  return 0;
}
