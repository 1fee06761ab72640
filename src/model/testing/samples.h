// Values that tests, golden files and documents share. Fixed for ever: golden files are their
// bytes.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/commit.h"
#include "model/database_state.h"
#include "model/entry.h"
#include "model/segment_info.h"
#include "model/table_state.h"

namespace rhizo::model::testing {

// An id all of whose bytes are `byte`.
template <class IdType>
IdType FilledId(uint8_t byte) {
  IdType id;
  id.bytes.fill(byte);
  return id;
}

// One level: digit 80, a birth of `birth` bytes.
Place PlaceAt(uint8_t birth, uint32_t position);
// Two levels: below PlaceAt(1, position).
Place PlaceBelow(uint32_t position, uint8_t birth, uint32_t below);

Type TypeOf(TypeKind kind);
Field FieldOf(FieldId id, std::string name, Type type);
Type ListOf(Field element);
Type StructOf(std::vector<Field> members);
// One column of every kind, nested ones too, ids assigned.
Schema EverySchema();

// Name of the golden file (below tests/golden/<object>/) and value.
template <class X>
using Samples = std::vector<std::pair<std::string, X>>;

Samples<Place> PlaceSamples();
Samples<PositionSet> PositionSetSamples();
Samples<RunList> RunListSamples();
Samples<Schema> SchemaSamples();
Samples<SegmentInfo> SegmentInfoSamples();
Samples<SegmentEntry> SegmentEntrySamples();
Samples<TableState> TableStateSamples();
Samples<StateKey> StateKeySamples();
Samples<StateEntry> StateEntrySamples();
Samples<Commit> CommitSamples();
Samples<Features> FeaturesSamples();

}  // namespace rhizo::model::testing
