// Canonical byte coding used by every object we store: little endian fixed width integers, minimal
// LEB128 varints, length-prefixed byte strings. One value has exactly one encoding; Decoder refuses
// every other. Decoder is sticky: after the first fault all reads give zeros and Finish() fails, so
// callers may read a whole record and check once. No read ever allocates more than the input holds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rhizo {

class Encoder {
 public:
  void U8(uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void U16(uint16_t value) { Fixed(value); }
  void U32(uint32_t value) { Fixed(value); }
  void U64(uint64_t value) { Fixed(value); }
  void Varint(uint64_t value);
  // Zigzag, then Varint.
  void SignedVarint(int64_t value);
  void Bool(bool value) { U8(value ? 1 : 0); }
  void Raw(std::string_view bytes) { out_.append(bytes); }
  // Varint length, then the bytes.
  void String(std::string_view bytes);

  const std::string& bytes() const { return out_; }
  size_t size() const { return out_.size(); }
  std::string Take() && { return std::move(out_); }

 private:
  template <class T>
  void Fixed(T value) {
    char bytes[sizeof(T)];
    __builtin_memcpy(bytes, &value, sizeof(T));
    out_.append(bytes, sizeof(T));
  }

  std::string out_;
};

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : rest_(bytes) {}

  uint8_t U8() { return Fixed<uint8_t>(); }
  uint16_t U16() { return Fixed<uint16_t>(); }
  uint32_t U32() { return Fixed<uint32_t>(); }
  uint64_t U64() { return Fixed<uint64_t>(); }
  uint64_t Varint();
  int64_t SignedVarint();
  // A varint that counts things of at least `min_item_bytes` still to come; larger counts than the
  // input can hold are a fault, so a hostile count never reserves memory.
  uint64_t Count(size_t min_item_bytes = 1);
  bool Bool();
  std::string_view Raw(size_t size);
  std::string_view String();

  void Fail() { failed_ = true; }
  bool failed() const { return failed_; }
  bool empty() const { return rest_.empty(); }
  size_t remaining() const { return rest_.size(); }
  // Corruption naming `what` after any fault or if bytes are left over.
  Status Finish(std::string_view what) const;

 private:
  template <class T>
  T Fixed() {
    T value{};
    auto raw = Raw(sizeof(T));
    if (raw.size() == sizeof(T)) __builtin_memcpy(&value, raw.data(), sizeof(T));
    return value;
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace rhizo
