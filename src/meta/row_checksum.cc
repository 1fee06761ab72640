#include "meta/row_checksum.h"

#include <cstring>

namespace rhizo::meta {

namespace {

Hash256 HashOf(std::string_view table, std::string_view key, std::string_view value) {
  Encoder input;
  input.String(table);
  input.String(key);
  input.Raw(value);
  return Blake3(input.bytes());
}

std::array<uint64_t, 4> Limbs(const Hash256& hash) {
  std::array<uint64_t, 4> limbs;
  static_assert(sizeof(limbs) == Hash256::kSize);
  std::memcpy(limbs.data(), hash.bytes.data(), sizeof(limbs));
  return limbs;
}

}  // namespace

SealedRow SealRow(std::string_view table, std::string_view key, std::string value) {
  Hash256 hash = HashOf(table, key, value);
  value.append(hash.view().substr(0, kChecksumBytes));
  return {std::move(value), hash};
}

Result<OpenedRow> OpenRow(std::string_view table, std::string_view key, std::string_view row) {
  if (row.size() >= kChecksumBytes) {
    std::string_view value = row.substr(0, row.size() - kChecksumBytes);
    Hash256 hash = HashOf(table, key, value);
    if (hash.view().substr(0, kChecksumBytes) == row.substr(value.size())) {
      return OpenedRow{value, hash};
    }
  }
  return Corruption("rhizo.db: a row of '" + std::string(table) + "' is not what was written")
      .With("table", std::string(table));
}

std::string NumberKey(uint64_t number) {
  Encoder key;
  key.U64(number);
  return std::move(key).Take();
}

void TableSum::Add(const Hash256& hash) {
  unsigned __int128 carry = 0;
  auto limbs = Limbs(hash);
  for (size_t i = 0; i < limbs.size(); ++i) {
    carry += static_cast<unsigned __int128>(sum_[i]) + limbs[i];
    sum_[i] = static_cast<uint64_t>(carry);
    carry >>= 64;
  }
  ++count_;
}

void TableSum::Remove(const Hash256& hash) {
  uint64_t borrow = 0;
  auto limbs = Limbs(hash);
  for (size_t i = 0; i < limbs.size(); ++i) {
    unsigned __int128 taken = static_cast<unsigned __int128>(limbs[i]) + borrow;
    borrow = sum_[i] < taken ? 1 : 0;
    sum_[i] -= static_cast<uint64_t>(taken);
  }
  --count_;
}

void TableSum::EncodeTo(Encoder& out) const {
  out.U64(count_);
  for (uint64_t limb : sum_) out.U64(limb);
}

TableSum TableSum::DecodeFrom(Decoder& in) {
  TableSum sum;
  sum.count_ = in.U64();
  for (uint64_t& limb : sum.sum_) limb = in.U64();
  return sum;
}

}  // namespace rhizo::meta
