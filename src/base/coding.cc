#include "base/coding.h"

#include <bit>

namespace rhizo {

static_assert(std::endian::native == std::endian::little);

void Encoder::Varint(uint64_t value) {
  while (value >= 0x80) {
    U8(static_cast<uint8_t>(value) | 0x80);
    value >>= 7;
  }
  U8(static_cast<uint8_t>(value));
}

void Encoder::SignedVarint(int64_t value) {
  Varint((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
}

void Encoder::String(std::string_view bytes) {
  Varint(bytes.size());
  Raw(bytes);
}

uint64_t Decoder::Varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    uint8_t byte = U8();
    if (failed_) return 0;
    if (shift == 63 && byte > 1) break;
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      if (byte == 0 && shift > 0) break;  // not minimal
      return value;
    }
  }
  Fail();
  return 0;
}

int64_t Decoder::SignedVarint() {
  uint64_t raw = Varint();
  return static_cast<int64_t>(raw >> 1) ^ -static_cast<int64_t>(raw & 1);
}

uint64_t Decoder::Count(size_t min_item_bytes) {
  uint64_t count = Varint();
  if (min_item_bytes != 0 && count > rest_.size() / min_item_bytes) {
    Fail();
    return 0;
  }
  return count;
}

bool Decoder::Bool() {
  uint8_t value = U8();
  if (value > 1) Fail();
  return value == 1;
}

std::string_view Decoder::Raw(size_t size) {
  if (failed_ || size > rest_.size()) {
    Fail();
    return {};
  }
  auto out = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return out;
}

std::string_view Decoder::String() {
  uint64_t size = Varint();
  if (size > rest_.size()) {
    Fail();
    return {};
  }
  return Raw(size);
}

Status Decoder::Finish(std::string_view what) const {
  if (failed_) return Corruption("decoding " + std::string(what) + ": malformed bytes");
  if (!rest_.empty()) {
    return Corruption("decoding " + std::string(what) + ": " + std::to_string(rest_.size()) +
                      " bytes left over");
  }
  return {};
}

}  // namespace rhizo
