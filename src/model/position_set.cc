#include "model/position_set.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "model/id_coding.h"
#include "object/object_kind.h"

namespace rhizo::model {
namespace {

constexpr uint8_t kObjectVersion = 1;

enum Form : uint8_t { kList = 1, kRuns = 2, kBitmap = 3 };
enum Where : uint8_t { kNowhere = 0, kInline = 1, kObject = 2 };

size_t VarintSize(uint64_t value) {
  size_t size = 1;
  for (; value >= 0x80; value >>= 7) ++size;
  return size;
}

// ---- list

// Later differences are at least 1, so 1 less is written.
size_t ListSize(const PositionSet& set) {
  size_t size = 1 + VarintSize(set.size());
  uint32_t end = 0;
  for (const auto& run : set.runs()) {
    size += VarintSize(run.begin - end) + (run.size() - 1);
    end = run.end;
  }
  return size;
}

std::string EncodeList(const PositionSet& set) {
  Encoder encoder;
  encoder.U8(kList);
  encoder.Varint(set.size());
  uint32_t end = 0;
  set.ForEach([&](uint32_t slot) {
    encoder.Varint(slot - end);
    end = slot + 1;
  });
  return std::move(encoder).Take();
}

// Appends begin + length, or fails the decoder if that passes the greatest slot.
void AppendRange(Decoder& decoder, uint64_t begin, uint64_t length, std::vector<SlotRange>* runs) {
  if (begin >= kMaxSegmentRows || length > kMaxSegmentRows - begin) decoder.Fail();
  if (decoder.failed()) return;
  runs->push_back({static_cast<uint32_t>(begin), static_cast<uint32_t>(begin + length)});
}

void DecodeList(Decoder& decoder, std::vector<SlotRange>* runs) {
  uint64_t count = decoder.Count();
  uint64_t end = 0;
  for (uint64_t i = 0; i < count && !decoder.failed(); ++i) {
    uint64_t gap = std::min<uint64_t>(decoder.Varint(), kMaxSegmentRows);
    AppendRange(decoder, end + gap, 1, runs);
    end += gap + 1;
  }
}

// ---- runs

// Runs never touch, so gaps but the first are at least 1 and 1 less is written.
uint32_t WrittenGap(uint32_t begin, uint32_t end) { return begin - end - (end > 0 ? 1 : 0); }

size_t RunsSize(const PositionSet& set) {
  size_t size = 1 + VarintSize(set.runs().size());
  uint32_t end = 0;
  for (const auto& run : set.runs()) {
    size += VarintSize(WrittenGap(run.begin, end)) + VarintSize(run.size() - 1);
    end = run.end;
  }
  return size;
}

std::string EncodeRuns(const PositionSet& set) {
  Encoder encoder;
  encoder.U8(kRuns);
  encoder.Varint(set.runs().size());
  uint32_t end = 0;
  for (const auto& run : set.runs()) {
    encoder.Varint(WrittenGap(run.begin, end));
    encoder.Varint(run.size() - 1);
    end = run.end;
  }
  return std::move(encoder).Take();
}

void DecodeRuns(Decoder& decoder, std::vector<SlotRange>* runs) {
  uint64_t count = decoder.Count(2);
  uint64_t end = 0;
  for (uint64_t i = 0; i < count && !decoder.failed(); ++i) {
    uint64_t gap = std::min<uint64_t>(decoder.Varint(), kMaxSegmentRows) + (end > 0 ? 1 : 0);
    uint64_t length = std::min<uint64_t>(decoder.Varint(), kMaxSegmentRows) + 1;
    AppendRange(decoder, end + gap, length, runs);
    end += gap + length;
  }
}

// ---- bitmap

size_t BitmapSize(const PositionSet& set) {
  if (set.empty()) return SIZE_MAX;
  uint32_t skipped = set.first() / 8;
  return 1 + VarintSize(skipped) + (set.last() / 8 - skipped + 1);
}

std::string EncodeBitmap(const PositionSet& set) {
  uint32_t skipped = set.first() / 8;
  std::string bits(set.last() / 8 - skipped + 1, '\0');
  set.ForEach([&](uint32_t slot) {
    bits[slot / 8 - skipped] = static_cast<char>(bits[slot / 8 - skipped] | 1 << slot % 8);
  });
  Encoder encoder;
  encoder.U8(kBitmap);
  encoder.Varint(skipped);
  encoder.Raw(bits);
  return std::move(encoder).Take();
}

void DecodeBitmap(Decoder& decoder, std::vector<SlotRange>* runs) {
  uint64_t skipped = decoder.Varint();
  std::string_view bits = decoder.Raw(decoder.remaining());
  if (skipped > kMaxSegmentRows / 8 || bits.size() > kMaxSegmentRows / 8 - skipped) decoder.Fail();
  if (decoder.failed()) return;
  for (size_t i = 0; i < bits.size() * 8; ++i) {
    if ((static_cast<unsigned char>(bits[i / 8]) >> i % 8 & 1) == 0) continue;
    auto slot = static_cast<uint32_t>(skipped * 8 + i);
    if (!runs->empty() && runs->back().end == slot) {
      ++runs->back().end;
    } else {
      runs->push_back({slot, slot + 1});
    }
  }
}

std::vector<SlotRange> DecodeForm(Decoder& decoder) {
  std::vector<SlotRange> runs;
  switch (decoder.U8()) {
    case kList: DecodeList(decoder, &runs); break;
    case kRuns: DecodeRuns(decoder, &runs); break;
    case kBitmap: DecodeBitmap(decoder, &runs); break;
    default: decoder.Fail();
  }
  return runs;
}

std::string EncodeObject(const std::string& encoded) {
  Encoder encoder;
  object::EncodeHeader(encoder, object::ObjectKind::kPositions, kObjectVersion);
  encoder.Raw(encoded);
  return std::move(encoder).Take();
}

}  // namespace

PositionSet PositionSet::FromSorted(std::span<const uint32_t> slots) {
  PositionSet set;
  for (uint32_t slot : slots) {
    CHECK(slot < kMaxSegmentRows);
    set.Append({slot, slot + 1});
  }
  return set;
}

PositionSet PositionSet::FromRange(uint32_t begin, uint32_t end) {
  PositionSet set;
  if (begin < end) set.Append({begin, end});
  return set;
}

PositionSet PositionSet::FromRuns(std::span<const SlotRange> runs) {
  PositionSet set;
  for (const auto& run : runs) set.Append(run);
  return set;
}

void PositionSet::Append(SlotRange run) {
  CHECK(run.begin < run.end && run.end <= kMaxSegmentRows);
  CHECK(empty() || run.begin >= runs_.back().end);
  if (!empty() && run.begin == runs_.back().end) {
    runs_.back().end = run.end;
    return;
  }
  ranks_.push_back(size());
  runs_.push_back(run);
}

bool PositionSet::Contains(uint32_t slot) const {
  auto after = std::upper_bound(runs_.begin(), runs_.end(), slot,
                                [](uint32_t s, const SlotRange& run) { return s < run.begin; });
  return after != runs_.begin() && slot < std::prev(after)->end;
}

uint32_t PositionSet::Rank(uint32_t slot) const {
  auto after = std::upper_bound(runs_.begin(), runs_.end(), slot,
                                [](uint32_t s, const SlotRange& run) { return s < run.begin; });
  if (after == runs_.begin()) return 0;
  auto run = std::prev(after);
  return ranks_[static_cast<size_t>(run - runs_.begin())] + std::min(slot, run->end) - run->begin;
}

uint32_t PositionSet::Select(uint32_t rank) const {
  CHECK(rank < size());
  auto index = std::upper_bound(ranks_.begin(), ranks_.end(), rank) - ranks_.begin() - 1;
  auto i = static_cast<size_t>(index);
  return runs_[i].begin + (rank - ranks_[i]);
}

std::vector<uint32_t> PositionSet::ToVector() const {
  std::vector<uint32_t> out;
  out.reserve(size());
  ForEach([&](uint32_t slot) { out.push_back(slot); });
  return out;
}

PositionSet PositionSet::Slice(uint32_t begin, uint32_t end) const {
  return Intersect(*this, FromRange(begin, end));
}

PositionSet PositionSet::Shifted(int64_t by) const {
  if (empty()) return {};
  CHECK(first() + by >= 0 && last() + by < int64_t{kMaxSegmentRows});
  PositionSet moved = *this;
  for (auto& run : moved.runs_) {
    run.begin = static_cast<uint32_t>(run.begin + by);
    run.end = static_cast<uint32_t>(run.end + by);
  }
  return moved;
}

PositionSet PositionSet::Complement(uint32_t begin, uint32_t end) const {
  return Subtract(FromRange(begin, end), *this);
}

PositionSet Union(const PositionSet& a, const PositionSet& b) {
  std::vector<SlotRange> all(a.runs_);
  all.insert(all.end(), b.runs_.begin(), b.runs_.end());
  std::sort(all.begin(), all.end());
  PositionSet out;
  uint32_t done = 0;
  for (const auto& run : all) {
    if (run.end > done) out.Append({std::max(run.begin, done), run.end});
    done = std::max(done, run.end);
  }
  return out;
}

PositionSet Intersect(const PositionSet& a, const PositionSet& b) {
  PositionSet out;
  for (size_t i = 0, j = 0; i < a.runs_.size() && j < b.runs_.size();) {
    const SlotRange& x = a.runs_[i];
    const SlotRange& y = b.runs_[j];
    SlotRange both{std::max(x.begin, y.begin), std::min(x.end, y.end)};
    if (both.begin < both.end) out.Append(both);
    x.end < y.end ? ++i : ++j;
  }
  return out;
}

PositionSet Subtract(const PositionSet& a, const PositionSet& b) {
  PositionSet out;
  size_t j = 0;
  for (const auto& run : a.runs_) {
    uint32_t begin = run.begin;
    while (j < b.runs_.size() && b.runs_[j].end <= begin) ++j;
    for (size_t k = j; k < b.runs_.size() && b.runs_[k].begin < run.end; ++k) {
      if (begin < b.runs_[k].begin) out.Append({begin, b.runs_[k].begin});
      begin = std::max(begin, b.runs_[k].end);
    }
    if (begin < run.end) out.Append({begin, run.end});
  }
  return out;
}

std::string Encode(const PositionSet& set) {
  size_t list = ListSize(set);
  size_t runs = RunsSize(set);
  size_t bitmap = BitmapSize(set);
  if (list <= runs && list <= bitmap) return EncodeList(set);
  return runs <= bitmap ? EncodeRuns(set) : EncodeBitmap(set);
}

Result<PositionSet> DecodePositionSet(std::string_view bytes) {
  Decoder decoder(bytes);
  auto runs = DecodeForm(decoder);
  RETURN_IF_ERROR(decoder.Finish("a position set"));
  auto set = PositionSet::FromRuns(runs);
  // Refuses longer forms, bitmaps with empty ends and runs that touch.
  if (Encode(set) != bytes) return Corruption("decoding a position set: not canonical");
  return set;
}

PositionsRef Store(object::Staging& staging, const PositionSet& set) {
  std::string encoded = Encode(set);
  if (encoded.size() <= kMaxInlineBytes) return {set.size(), std::nullopt, set};
  return {set.size(), staging.Add(EncodeObject(encoded)), {}};
}

Result<PositionSet> Load(object::ObjectReader& reader, const PositionsRef& ref) {
  if (!ref.object) return ref.inline_set;
  ASSIGN_OR_RETURN(auto bytes, reader.Read(*ref.object));
  ASSIGN_OR_RETURN(auto set, DecodePositionsObject(*bytes));
  if (set.size() != ref.count) {
    return Corruption("position set " + ref.object->Short() + " has " + std::to_string(set.size()) +
                      " members instead of " + std::to_string(ref.count));
  }
  return set;
}

Result<PositionSet> DecodePositionsObject(std::string_view bytes) {
  Decoder decoder(bytes);
  object::DecodeHeader(decoder, object::ObjectKind::kPositions, kObjectVersion);
  auto encoded = decoder.Raw(decoder.remaining());
  if (encoded.size() <= kMaxInlineBytes) decoder.Fail();
  RETURN_IF_ERROR(decoder.Finish("a position set"));
  return DecodePositionSet(encoded);
}

void Write(Encoder& encoder, const PositionsRef& ref) {
  encoder.U8(ref.object ? kObject : ref.empty() ? kNowhere : kInline);
  if (ref.object) {
    encoder.Varint(ref.count);
    encoder.Raw(ref.object->view());
  } else if (!ref.empty()) {
    CHECK(ref.count == ref.inline_set.size());
    std::string encoded = Encode(ref.inline_set);
    CHECK(encoded.size() <= kMaxInlineBytes);
    encoder.String(encoded);
  }
}

PositionsRef ReadPositionsRef(Decoder& decoder) {
  PositionsRef ref;
  switch (decoder.U8()) {
    case kNowhere: return ref;
    case kInline: {
      auto encoded = decoder.String();
      auto set = DecodePositionSet(encoded);
      if (!set || set->empty() || encoded.size() > kMaxInlineBytes) return decoder.Fail(), ref;
      return {set->size(), std::nullopt, *std::move(set)};
    }
    case kObject: {
      uint64_t count = decoder.Varint();
      auto id = ReadId<ObjectId>(decoder);
      if (decoder.failed() || count == 0 || count > kMaxSegmentRows) return decoder.Fail(), ref;
      return {static_cast<uint32_t>(count), id, {}};
    }
    default: decoder.Fail();
  }
  return ref;
}

}  // namespace rhizo::model
