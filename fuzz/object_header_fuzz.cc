// Object headers: first byte the kind that is expected, second the newest version that is known.
#include "decoded_again.h"
#include "object/object_kind.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace rhizo;          // NOLINT(build/namespaces)
  using namespace rhizo::object;  // NOLINT(build/namespaces)
  constexpr size_t kVersionAt = 5;
  if (size < 2) return 0;
  const auto kind = static_cast<ObjectKind>(data[0]);
  const uint8_t newest = data[1];
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  Decoder decoder(bytes);
  DecodeHeader(decoder, kind, newest);
  if (!decoder.Finish("an object")) return 0;
  const auto version = static_cast<uint8_t>(bytes[kVersionAt]);
  CHECK(version >= 1 && version <= newest);
  Encoder again;
  EncodeHeader(again, kind, version);
  CHECK(again.bytes() == bytes);
  return 0;
}
