// A sorted set of slots (rows of a segment, counted from 0), kept as maximal runs, so memory is
// bounded by the encoded size whatever it says. Immutable once built; regular value type.
//
// Encoding: u8 form, then
//   1 list    varint count, varint first, varint (difference - 1) ...      the empty set is 01 00
//   2 runs    varint count, per run varint gap (from 0; later ones - 1), varint (length - 1)
//   3 bitmap  varint number of bytes left out in front, then bytes, bit i of a byte = slot 8 * byte
//   + i;
//             first and last byte are not 0; it goes to the end of the encoding
// The shortest form is the only valid one; of equally short ones the lowest number.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/coding.h"
#include "base/id.h"
#include "base/result.h"
#include "object/object_reader.h"
#include "object/staging.h"

namespace rhizo::model {

// Slots are below this: no segment has more rows.
inline constexpr uint32_t kMaxSegmentRows = 1u << 24;

// Slots begin .. end-1.
struct SlotRange {
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t size() const { return end - begin; }
  friend auto operator<=>(const SlotRange&, const SlotRange&) = default;
};

class PositionSet {
 public:
  PositionSet() = default;
  // `slots` strictly rising (CHECKed), below kMaxSegmentRows.
  static PositionSet FromSorted(std::span<const uint32_t> slots);
  static PositionSet FromSorted(std::initializer_list<uint32_t> slots) {
    return FromSorted(std::span(slots.begin(), slots.size()));
  }
  static PositionSet FromRange(uint32_t begin, uint32_t end);
  // `runs` not empty each, rising, may touch (they are joined then).
  static PositionSet FromRuns(std::span<const SlotRange> runs);

  uint32_t size() const { return ranks_.empty() ? 0 : ranks_.back() + runs_.back().size(); }
  bool empty() const { return runs_.empty(); }
  // Require !empty().
  uint32_t first() const { return runs_.front().begin; }
  uint32_t last() const { return runs_.back().end - 1; }
  bool Contains(uint32_t slot) const;
  // How many members are below `slot`.
  uint32_t Rank(uint32_t slot) const;
  // The member with `rank` members below it; rank < size().
  uint32_t Select(uint32_t rank) const;
  // Maximal runs, rising, never touching.
  std::span<const SlotRange> runs() const { return runs_; }
  std::vector<uint32_t> ToVector() const;
  // Calls visit(slot) for every member, rising.
  template <class Visit>
  void ForEach(Visit&& visit) const {
    for (const auto& run : runs_) {
      for (uint32_t slot = run.begin; slot < run.end; ++slot) visit(slot);
    }
  }

  // The members in begin .. end-1.
  PositionSet Slice(uint32_t begin, uint32_t end) const;
  // Every member moved by `by`; none may leave the range of slots (CHECKed).
  PositionSet Shifted(int64_t by) const;
  // Everything in begin .. end-1 that is not a member.
  PositionSet Complement(uint32_t begin, uint32_t end) const;

  friend PositionSet Union(const PositionSet& a, const PositionSet& b);
  friend PositionSet Intersect(const PositionSet& a, const PositionSet& b);
  friend PositionSet Subtract(const PositionSet& a, const PositionSet& b);
  friend bool operator==(const PositionSet& a, const PositionSet& b) { return a.runs_ == b.runs_; }

 private:
  void Append(SlotRange run);

  std::vector<SlotRange> runs_;
  std::vector<uint32_t> ranks_;  // members before each run
};

PositionSet Union(const PositionSet& a, const PositionSet& b);
PositionSet Intersect(const PositionSet& a, const PositionSet& b);
PositionSet Subtract(const PositionSet& a, const PositionSet& b);

std::string Encode(const PositionSet& set);
Result<PositionSet> DecodePositionSet(std::string_view bytes);

// Up to this many encoded bytes position sets and run lists stand in the entry, else they are
// objects.
inline constexpr size_t kMaxInlineBytes = 128;

// A position set as an entry holds it: inline, or the id of an object and how many members it has.
// Encoding: u8 0 empty | 1 inline: length-prefixed set | 2 object: varint count, id.
struct PositionsRef {
  uint32_t count = 0;
  std::optional<ObjectId> object;
  PositionSet inline_set;  // all of it, unless `object`

  bool empty() const { return count == 0; }
  friend bool operator==(const PositionsRef&, const PositionsRef&) = default;
};

// Stages an object if the set is too long to stand inline.
PositionsRef Store(object::Staging& staging, const PositionSet& set);
// The set; kCorruption if the object is not one, has another count, or should have stood inline.
Result<PositionSet> Load(object::ObjectReader& reader, const PositionsRef& ref);
// The object itself: header, then the encoded set, longer than kMaxInlineBytes.
Result<PositionSet> DecodePositionsObject(std::string_view bytes);

void Write(Encoder& encoder, const PositionsRef& ref);
PositionsRef ReadPositionsRef(Decoder& decoder);

}  // namespace rhizo::model
