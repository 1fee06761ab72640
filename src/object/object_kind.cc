#include "object/object_kind.h"

#include <string>

namespace rhizo::object {

std::string_view ObjectKindName(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kTreeNode: return "tree node";
    case ObjectKind::kRowBlock: return "row block";
    case ObjectKind::kPatch: return "patch";
    case ObjectKind::kSegmentInfo: return "segment info";
    case ObjectKind::kTableState: return "table state";
    case ObjectKind::kCommit: return "commit";
    case ObjectKind::kPositions: return "positions";
    case ObjectKind::kRuns: return "runs";
    case ObjectKind::kBlob: return "blob";
  }
  return "unknown kind";
}

void EncodeHeader(Encoder& encoder, ObjectKind kind, uint8_t version) {
  encoder.Raw(kObjectMagic);
  encoder.U8(static_cast<uint8_t>(kind));
  encoder.U8(version);
}

Result<uint8_t> DecodeHeader(Decoder& decoder, ObjectKind kind, uint8_t max_version) {
  std::string name(ObjectKindName(kind));
  if (decoder.Raw(kObjectMagic.size()) != kObjectMagic) {
    return Corruption("decoding " + name + ": the bytes do not begin with RHZO");
  }
  auto found = static_cast<ObjectKind>(decoder.U8());
  uint8_t version = decoder.U8();
  if (decoder.failed() || found != kind) {
    return Corruption("decoding " + name + ": the object is a " +
                      std::string(ObjectKindName(found)));
  }
  if (version > max_version) {
    return Unsupported("decoding " + name + ": version " + std::to_string(version) +
                       " is newer than " + std::to_string(max_version));
  }
  return version;
}

}  // namespace rhizo::object
