#include "model/entry.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "base/coding.h"
#include "model/id_coding.h"

namespace rhizo::model {
namespace {

constexpr size_t kMinPatchBytes = 1 + 1 + ObjectId::kSize;

// The slice is all of a segment, as most entries' are: its borders are left out.
enum : uint8_t { kRowBlockFlag = 1, kSlicedFlag = 2, kAllFlags = 3 };

auto PatchOrder(const PatchRef& patch) { return std::tie(patch.field, patch.patch); }

bool SliceIsValid(const SegmentEntry& entry) {
  return entry.segment_rows <= kMaxSegmentRows && entry.slice_begin < entry.slice_end &&
         entry.slice_end <= entry.segment_rows;
}

// Inside the slice, but neither its first nor its last slot.
bool HiddenIsValid(const SegmentEntry& entry) {
  uint32_t slots = entry.slice_end - entry.slice_begin;
  if (entry.hidden.count >= slots || entry.visible_rows != slots - entry.hidden.count) return false;
  const PositionSet& hidden = entry.hidden.inline_set;
  return hidden.empty() ||
         (hidden.first() > entry.slice_begin && hidden.last() < entry.slice_end - 1);
}

bool DeadIsValid(const SegmentEntry& entry, const PatchRef& patch) {
  if (patch.dead.count >= entry.visible_rows) return false;  // one cell is live
  const PositionSet& dead = patch.dead.inline_set;
  return dead.empty() || (dead.first() >= entry.slice_begin && dead.last() < entry.slice_end &&
                          Intersect(dead, entry.hidden.inline_set).empty());
}

bool PatchesAreValid(const SegmentEntry& entry) {
  size_t of_field = 0;
  for (size_t i = 0; i < entry.patches.size(); ++i) {
    const PatchRef& patch = entry.patches[i];
    if (patch.field <= 0 || !DeadIsValid(entry, patch)) return false;
    if (i > 0 && PatchOrder(entry.patches[i - 1]) >= PatchOrder(patch)) return false;
    of_field = i > 0 && entry.patches[i - 1].field == patch.field ? of_field + 1 : 1;
    if (of_field > kMaxPatchesPerField) return false;
  }
  return true;
}

// Runs begin at the slice's begin and end at its end; what no run covers and how each run begins
// and ends is checked against the hidden slots, if those are at hand.
bool RunsFit(const SegmentEntry& entry, const RunList& runs, const PositionSet* hidden) {
  if (runs.empty() || runs.front().first_slot != entry.slice_begin) return false;
  if (runs.back().end_slot() != entry.slice_end) return false;
  if (hidden == nullptr) return true;
  uint32_t end = entry.slice_begin;
  for (const auto& run : runs) {
    uint32_t gap = run.first_slot - end;
    if (hidden->Rank(run.first_slot) - hidden->Rank(end) != gap) return false;
    if (hidden->Contains(run.first_slot) || hidden->Contains(run.end_slot() - 1)) return false;
    end = run.end_slot();
  }
  return true;
}

bool RunsAreValid(const SegmentEntry& entry) {
  if (entry.runs.object) return true;
  return RunsFit(entry, entry.runs.inline_runs,
                 entry.hidden.object ? nullptr : &entry.hidden.inline_set);
}

bool IsValid(const SegmentEntry& entry) {
  return SliceIsValid(entry) && HiddenIsValid(entry) && PatchesAreValid(entry) &&
         RunsAreValid(entry);
}

PatchRef ReadPatch(Decoder& decoder) {
  PatchRef patch;
  patch.field = ReadFieldId(decoder);
  patch.patch = ReadId<ObjectId>(decoder);
  patch.dead = ReadPositionsRef(decoder);
  return patch;
}

uint32_t ReadSlot(Decoder& decoder) {
  uint64_t slot = decoder.Varint();
  if (slot > kMaxSegmentRows) decoder.Fail();
  return decoder.failed() ? 0 : static_cast<uint32_t>(slot);
}

void ReadSlice(Decoder& decoder, uint8_t flags, SegmentEntry* entry) {
  entry->segment_rows = ReadSlot(decoder);
  entry->slice_end = entry->segment_rows;
  if ((flags & kSlicedFlag) == 0) return;
  entry->slice_begin = ReadSlot(decoder);
  entry->slice_end = ReadSlot(decoder);
  // Has to be written without the flag.
  if (entry->slice_begin == 0 && entry->slice_end == entry->segment_rows) decoder.Fail();
}

SegmentEntry ReadEntry(Decoder& decoder) {
  SegmentEntry entry;
  uint8_t flags = decoder.U8();
  if (flags > kAllFlags) decoder.Fail();
  entry.kind = flags & kRowBlockFlag ? SegmentKind::kRowBlock : SegmentKind::kParquet;
  entry.id = ReadId<ObjectId>(decoder);
  ReadSlice(decoder, flags, &entry);
  entry.length_bytes = decoder.Varint();
  entry.hidden = ReadPositionsRef(decoder);
  uint64_t patches = decoder.Count(kMinPatchBytes);
  for (uint64_t i = 0; i < patches && !decoder.failed(); ++i) {
    entry.patches.push_back(ReadPatch(decoder));
  }
  entry.runs = ReadRunsRef(decoder);
  if (decoder.failed()) return entry;
  entry.visible_rows = uint64_t{entry.slice_end} - entry.slice_begin - entry.hidden.count;
  return entry;
}

}  // namespace

bool SegmentEntry::IsWhole() const {
  return slice_begin == 0 && slice_end == segment_rows && hidden.empty();
}

bool SegmentEntry::IsClean(FieldId field) const {
  return IsWhole() && std::none_of(patches.begin(), patches.end(),
                                   [&](const PatchRef& patch) { return patch.field == field; });
}

SegmentEntry WholeSegment(SegmentKind kind, const ObjectId& id, uint32_t rows,
                          uint64_t length_bytes, Place first) {
  SegmentEntry entry;
  entry.kind = kind;
  entry.id = id;
  entry.segment_rows = rows;
  entry.slice_end = rows;
  entry.runs.inline_runs = {{0, rows, std::move(first)}};
  entry.visible_rows = rows;
  entry.length_bytes = length_bytes;
  return entry;
}

std::string Encode(const SegmentEntry& entry) {
  CHECK(IsValid(entry));
  bool sliced = entry.slice_begin != 0 || entry.slice_end != entry.segment_rows;
  Encoder encoder;
  encoder.U8((entry.kind == SegmentKind::kRowBlock ? kRowBlockFlag : 0) |
             (sliced ? kSlicedFlag : 0));
  encoder.Raw(entry.id.view());
  encoder.Varint(entry.segment_rows);
  if (sliced) {
    encoder.Varint(entry.slice_begin);
    encoder.Varint(entry.slice_end);
  }
  encoder.Varint(entry.length_bytes);
  Write(encoder, entry.hidden);
  encoder.Varint(entry.patches.size());
  for (const auto& patch : entry.patches) {
    encoder.Varint(static_cast<uint64_t>(patch.field));
    encoder.Raw(patch.patch.view());
    Write(encoder, patch.dead);
  }
  Write(encoder, entry.runs);
  return std::move(encoder).Take();
}

Result<SegmentEntry> DecodeSegmentEntry(std::string_view bytes) {
  Decoder decoder(bytes);
  SegmentEntry entry = ReadEntry(decoder);
  if (!decoder.failed() && !IsValid(entry)) decoder.Fail();
  RETURN_IF_ERROR(decoder.Finish("a segment entry"));
  return entry;
}

PositionSet EntryRows::Visible(const SegmentEntry& entry) const {
  return hidden.Complement(entry.slice_begin, entry.slice_end);
}

Result<EntryRows> LoadRows(object::ObjectReader& reader, const SegmentEntry& entry) {
  EntryRows rows;
  ASSIGN_OR_RETURN(rows.hidden, Load(reader, entry.hidden));
  ASSIGN_OR_RETURN(rows.runs, Load(reader, entry.runs));
  RETURN_IF_ERROR(CheckRows(entry, rows));
  return rows;
}

Status CheckRows(const SegmentEntry& entry, const EntryRows& rows) {
  bool inside = rows.hidden.empty() || (rows.hidden.first() > entry.slice_begin &&
                                        rows.hidden.last() < entry.slice_end - 1);
  if (inside && rows.hidden.size() == entry.hidden.count &&
      RunsFit(entry, rows.runs, &rows.hidden)) {
    return {};
  }
  return Corruption("entry of segment " + entry.id.Short() +
                    ": its hidden rows and its runs do not fit together");
}

}  // namespace rhizo::model
