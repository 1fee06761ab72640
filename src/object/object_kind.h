// The first six bytes of every object but Parquet segments: magic "RHZO", kind, version of the
// kind. They keep kinds from being confused (Parquet starts with "PAR1").
#pragma once

#include <cstdint>

#include "base/coding.h"

namespace rhizo::object {

// The numbers are stored: append, never renumber.
enum class ObjectKind : uint8_t {
  kTreeNode = 1,
  kRowBlock = 2,
  kPatch = 3,
  kSegmentInfo = 4,
  kTableState = 5,
  kCommit = 6,
  kPositions = 7,
  kRuns = 8,
  kBlob = 9,
};

void EncodeHeader(Encoder& encoder, ObjectKind kind, uint8_t version);
// Fails the decoder unless an object of `kind` follows whose version is 1 .. max_version.
void DecodeHeader(Decoder& decoder, ObjectKind kind, uint8_t max_version);

}  // namespace rhizo::object
