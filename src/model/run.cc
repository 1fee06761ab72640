#include "model/run.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "model/id_coding.h"
#include "object/object_kind.h"

namespace rhizo::model {
namespace {

constexpr uint8_t kObjectVersion = 1;
constexpr size_t kMinRunBytes = 4;
// Places share prefixes with the place before, so a hostile list could unfold to the square of its
// size: decoded places may take this much, and this many times the input more.
constexpr size_t kPlacesBudgetBytes = 16 << 20;
constexpr size_t kPlacesBudgetFactor = 64;

enum Where : uint8_t { kInline = 1, kObject = 2 };

// Whether `next`'s first row has the place that `run` gives its slot.
bool Continues(const Run& run, const Run& next) {
  if (!run.first.SameButPosition(next.first)) return false;
  uint64_t expected = uint64_t{run.first.levels.back().position} + next.first_slot - run.first_slot;
  return next.first.levels.back().position == expected;
}

bool PositionsFit(const Run& run) {
  return run.slots > 0 && !run.first.levels.empty() &&
         run.first.levels.back().position <= UINT32_MAX - (run.slots - 1);
}

size_t SharedBytes(std::string_view a, std::string_view b) {
  auto ends = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<size_t>(ends.first - a.begin());
}

// Whether `next` may follow `run` in a canonical list.
bool Follows(const Run& run, const Run& next) {
  return run.PlaceOf(run.end_slot() - 1) < next.first && !Continues(run, next);
}

struct ListState {
  uint32_t end = 0;
  std::string place;       // encoded, of the run before
  size_t place_bytes = 0;  // of all places so far
};

void WriteRun(Encoder& encoder, const Run& run, ListState* state) {
  CHECK(PositionsFit(run) && run.first_slot >= state->end);
  std::string place = EncodePlace(run.first);
  size_t shared = SharedBytes(state->place, place);
  encoder.Varint(run.first_slot - state->end);
  encoder.Varint(run.slots - 1);
  encoder.Varint(shared);
  encoder.String(std::string_view(place).substr(shared));
  state->end = run.end_slot();
  state->place = std::move(place);
}

// Slots of the run that follows: first and count, both below kMaxSegmentRows.
bool ReadSlots(Decoder& decoder, uint32_t after, Run* run) {
  uint64_t gap = decoder.Varint();
  uint64_t more = decoder.Varint();
  if (gap > kMaxSegmentRows || more > kMaxSegmentRows) return false;
  if (after + gap + more + 1 > kMaxSegmentRows) return false;
  run->first_slot = static_cast<uint32_t>(after + gap);
  run->slots = static_cast<uint32_t>(more + 1);
  return true;
}

bool ReadFirst(Decoder& decoder, ListState* state, Place* first) {
  uint64_t shared = decoder.Varint();
  std::string_view rest = decoder.String();
  if (decoder.failed() || shared > state->place.size()) return false;
  std::string place = state->place.substr(0, shared) + std::string(rest);
  if (SharedBytes(state->place, place) != shared) return false;
  auto decoded = DecodePlace(place);
  if (!decoded) return false;
  *first = *std::move(decoded);
  state->place_bytes += place.size();
  state->place = std::move(place);
  return true;
}

std::string EncodeObject(const std::string& encoded) {
  Encoder encoder;
  object::EncodeHeader(encoder, object::ObjectKind::kRuns, kObjectVersion);
  encoder.Raw(encoded);
  return std::move(encoder).Take();
}

}  // namespace

void AppendRun(RunList* runs, Run run) {
  CHECK(PositionsFit(run));
  CHECK(runs->empty() || run.first_slot >= runs->back().end_slot());
  if (!runs->empty() && Continues(runs->back(), run)) {
    runs->back().slots = run.end_slot() - runs->back().first_slot;
  } else {
    runs->push_back(std::move(run));
  }
}

RunList JoinRuns(RunList first, const RunList& second) {
  for (const auto& run : second) AppendRun(&first, run);
  return first;
}

RunList TrimRuns(const RunList& runs, const PositionSet& visible) {
  RunList out;
  for (const auto& run : runs) {
    PositionSet rows = visible.Slice(run.first_slot, run.end_slot());
    if (rows.empty()) continue;
    AppendRun(&out, {rows.first(), rows.last() - rows.first() + 1, run.PlaceOf(rows.first())});
  }
  return out;
}

std::optional<Place> PlaceOf(const RunList& runs, uint32_t slot) {
  auto after = std::upper_bound(runs.begin(), runs.end(), slot,
                                [](uint32_t s, const Run& run) { return s < run.first_slot; });
  if (after == runs.begin() || slot >= std::prev(after)->end_slot()) return std::nullopt;
  return std::prev(after)->PlaceOf(slot);
}

std::string Encode(const RunList& runs) {
  Encoder encoder;
  encoder.Varint(runs.size());
  ListState state;
  for (size_t i = 0; i < runs.size(); ++i) {
    CHECK(i == 0 || Follows(runs[i - 1], runs[i]));
    WriteRun(encoder, runs[i], &state);
  }
  return std::move(encoder).Take();
}

Result<RunList> DecodeRunList(std::string_view bytes) {
  Decoder decoder(bytes);
  RunList runs;
  ListState state;
  size_t budget = kPlacesBudgetBytes + kPlacesBudgetFactor * bytes.size();
  uint64_t count = decoder.Count(kMinRunBytes);
  for (uint64_t i = 0; i < count && !decoder.failed(); ++i) {
    Run run;
    bool good = ReadSlots(decoder, state.end, &run) && ReadFirst(decoder, &state, &run.first) &&
                PositionsFit(run) && (runs.empty() || Follows(runs.back(), run));
    if (!good || state.place_bytes > budget) decoder.Fail();
    state.end = run.end_slot();
    runs.push_back(std::move(run));
  }
  RETURN_IF_ERROR(decoder.Finish("a run list"));
  return runs;
}

RunsRef Store(object::Staging& staging, const RunList& runs) {
  std::string encoded = Encode(runs);
  if (encoded.size() <= kMaxInlineBytes) return {std::nullopt, runs};
  return {staging.Add(EncodeObject(encoded)), {}};
}

Result<RunList> Load(object::ObjectReader& reader, const RunsRef& ref) {
  if (!ref.object) return ref.inline_runs;
  ASSIGN_OR_RETURN(auto bytes, reader.Read(*ref.object));
  return DecodeRunsObject(*bytes);
}

Result<RunList> DecodeRunsObject(std::string_view bytes) {
  Decoder decoder(bytes);
  object::DecodeHeader(decoder, object::ObjectKind::kRuns, kObjectVersion);
  auto encoded = decoder.Raw(decoder.remaining());
  if (encoded.size() <= kMaxInlineBytes) decoder.Fail();
  RETURN_IF_ERROR(decoder.Finish("a run list"));
  return DecodeRunList(encoded);
}

void Write(Encoder& encoder, const RunsRef& ref) {
  encoder.U8(ref.object ? kObject : kInline);
  if (ref.object) {
    encoder.Raw(ref.object->view());
  } else {
    std::string encoded = Encode(ref.inline_runs);
    CHECK(encoded.size() <= kMaxInlineBytes);
    encoder.String(encoded);
  }
}

RunsRef ReadRunsRef(Decoder& decoder) {
  switch (decoder.U8()) {
    case kInline: {
      auto encoded = decoder.String();
      auto runs = DecodeRunList(encoded);
      if (!runs || encoded.size() > kMaxInlineBytes) return decoder.Fail(), RunsRef{};
      return {std::nullopt, *std::move(runs)};
    }
    case kObject: {
      auto id = ReadId<ObjectId>(decoder);
      if (decoder.failed()) return {};
      return {id, {}};
    }
    default: decoder.Fail();
  }
  return {};
}

}  // namespace rhizo::model
