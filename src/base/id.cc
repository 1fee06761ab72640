#include "base/id.h"

#include "base/blake3.h"
#include "base/coding.h"

namespace rhizo {

std::string ToHex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (unsigned char byte : bytes) {
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

Hash256 Derive(const TxnId& txn, std::string_view purpose, uint64_t ordinal) {
  Encoder encoder;
  encoder.Raw(txn.view());
  encoder.String(purpose);
  encoder.U64(ordinal);
  return Blake3(encoder.bytes());
}

}  // namespace

std::optional<std::string> FromHex(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string out;
  out.reserve(hex.size() / 2);
  for (size_t i = 0; i < hex.size(); i += 2) {
    int high = HexDigit(hex[i]);
    int low = HexDigit(hex[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high << 4 | low));
  }
  return out;
}

TableId DeriveTableId(const TxnId& txn, uint64_t ordinal) {
  return TableId::FromBytes(Derive(txn, "table", ordinal).view().substr(0, TableId::kSize));
}

BirthId DeriveBirthId(const TxnId& txn, uint64_t ordinal) {
  return BirthId::FromBytes(Derive(txn, "birth", ordinal).view().substr(0, BirthId::kSize));
}

}  // namespace rhizo
