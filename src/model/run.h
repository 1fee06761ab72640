// Which place the visible rows of an entry have: maximal runs of slots whose places share path,
// digit and birth and whose positions rise with their slots (hidden slots between included, so a
// delete splits nothing). A run begins and ends with a visible row. Regular value types.
//
// Encoding of a list: varint count, per run: varint gap (first slot, then from the end of the run
// before), varint (slots - 1), varint bytes shared with the encoded place of the run before (as
// many as there are), length-prefixed rest of the encoded place of its first row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/coding.h"
#include "base/result.h"
#include "model/place.h"
#include "model/position_set.h"
#include "object/object_reader.h"
#include "object/staging.h"

namespace rhizo::model {

struct Run {
  uint32_t first_slot = 0;
  uint32_t slots = 0;  // at least 1
  Place first;         // of first_slot; slot s lies at first.Plus(s - first_slot)

  uint32_t end_slot() const { return first_slot + slots; }
  Place PlaceOf(uint32_t slot) const { return first.Plus(slot - first_slot); }
  friend bool operator==(const Run&, const Run&) = default;
};

using RunList = std::vector<Run>;

// Appends rows `run` to `runs`, lengthening the last run if it continues it (also over a gap of
// slots of the same size as the gap of positions). CHECKs that slots rise.
void AppendRun(RunList* runs, Run run);
// The runs of two neighbouring entries of one segment, `second` at greater slots.
RunList JoinRuns(RunList first, const RunList& second);
// The canonical runs of the `visible` slots among those that `runs` covers.
RunList TrimRuns(const RunList& runs, const PositionSet& visible);
// Where `slot` lies; nothing if no run covers it.
std::optional<Place> PlaceOf(const RunList& runs, uint32_t slot);

std::string Encode(const RunList& runs);
// Slots and places strictly rise, and no run continues the one before.
Result<RunList> DecodeRunList(std::string_view bytes);

// A run list as an entry holds it. Encoding: u8 1 inline: length-prefixed list | 2 object: id.
struct RunsRef {
  std::optional<ObjectId> object;
  RunList inline_runs;  // all of them, unless `object`
  friend bool operator==(const RunsRef&, const RunsRef&) = default;
};

RunsRef Store(object::Staging& staging, const RunList& runs);
Result<RunList> Load(object::ObjectReader& reader, const RunsRef& ref);
// The object itself: header, then the encoded list, longer than kMaxInlineBytes.
Result<RunList> DecodeRunsObject(std::string_view bytes);

void Write(Encoder& encoder, const RunsRef& ref);
RunsRef ReadRunsRef(Decoder& decoder);

}  // namespace rhizo::model
