#include "object/object_kind.h"

#include <string_view>

namespace rhizo::object {
namespace {
constexpr std::string_view kMagic = "RHZO";
}  // namespace

void EncodeHeader(Encoder& encoder, ObjectKind kind, uint8_t version) {
  encoder.Raw(kMagic);
  encoder.U8(static_cast<uint8_t>(kind));
  encoder.U8(version);
}

void DecodeHeader(Decoder& decoder, ObjectKind kind, uint8_t max_version) {
  bool magic = decoder.Raw(kMagic.size()) == kMagic;
  bool right_kind = decoder.U8() == static_cast<uint8_t>(kind);
  uint8_t version = decoder.U8();
  if (!magic || !right_kind || version == 0 || version > max_version) decoder.Fail();
}

}  // namespace rhizo::object
