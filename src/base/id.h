// Identities. Every kind of id is its own type, so an ObjectId cannot be passed as a CommitId
// though both are 32 bytes. Ordered bytewise; shown as lower-case hex.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/check.h"

namespace rhizo {

std::string ToHex(std::string_view bytes);
// Nothing if `hex` has an odd length or a character that is not a lower-case hex digit.
std::optional<std::string> FromHex(std::string_view hex);

template <class Tag, size_t N>
struct Id {
  static constexpr size_t kSize = N;
  std::array<uint8_t, N> bytes{};

  static Id FromBytes(std::string_view raw) {
    CHECK(raw.size() == N);
    Id id;
    std::memcpy(id.bytes.data(), raw.data(), N);
    return id;
  }
  static std::optional<Id> Parse(std::string_view hex) {
    auto raw = FromHex(hex);
    if (!raw || raw->size() != N) return std::nullopt;
    return FromBytes(*raw);
  }

  std::string_view view() const { return {reinterpret_cast<const char*>(bytes.data()), N}; }
  std::string ToString() const { return ToHex(view()); }
  // The first ten digits: enough for messages.
  std::string Short() const { return ToString().substr(0, 10); }
  bool IsZero() const { return *this == Id{}; }

  friend auto operator<=>(const Id&, const Id&) = default;
};

using ObjectId = Id<struct ObjectTag, 32>;      // BLAKE3-256 of the object's bytes
using CommitId = Id<struct CommitTag, 32>;      // the object id of a commit
using DatabaseId = Id<struct DatabaseTag, 16>;  // drawn once, in the root commit
using TxnId = Id<struct TxnTag, 16>;            // chosen before anything is encoded
using TableId = Id<struct TableTag, 16>;        // derived from a transaction id; survives renames
using BirthId = Id<struct BirthTag, 12>;        // of one run of rows written in one place
using FieldId = int32_t;                        // positive; also the Parquet field_id

// Derives ids from a transaction id: BLAKE3(txn, purpose, ordinal), truncated.
TableId DeriveTableId(const TxnId& txn, uint64_t ordinal);
BirthId DeriveBirthId(const TxnId& txn, uint64_t ordinal);

}  // namespace rhizo

template <class Tag, size_t N>
struct std::hash<rhizo::Id<Tag, N>> {
  size_t operator()(const rhizo::Id<Tag, N>& id) const noexcept {
    size_t value;
    static_assert(N >= sizeof(value));
    std::memcpy(&value, id.bytes.data(), sizeof(value));
    return value;
  }
};
