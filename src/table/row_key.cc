#include "table/row_key.h"

#include "base/blake3.h"
#include "base/coding.h"

namespace rhizo::table {
namespace {

void AddPositions(const model::PositionsRef& positions, Encoder* bytes) {
  bytes->U8(positions.object.has_value());
  if (positions.object) {
    bytes->Raw(positions.object->view());
  } else {
    bytes->String(model::Encode(positions.inline_set));
  }
}

}  // namespace

ObjectId RowKey(const model::SegmentEntry& entry, std::string_view purpose,
                std::optional<FieldId> field, std::string_view more) {
  Encoder bytes;
  bytes.String(purpose);
  bytes.Raw(entry.id.view());
  bytes.U32(entry.slice_begin);
  bytes.U32(entry.slice_end);
  AddPositions(entry.hidden, &bytes);
  for (const auto& patch : entry.patches) {
    if (field && patch.field != *field) continue;
    bytes.Raw(patch.patch.view());
    AddPositions(patch.dead, &bytes);
  }
  bytes.Raw(more);
  return ObjectId::FromBytes(Blake3(bytes.bytes()).view());
}

}  // namespace rhizo::table
