// What lies over the segment of one entry: hidden rows and patches, loaded.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "engine/duckdb_headers.h"
#include "model/entry.h"
#include "model/type.h"
#include "table/read_context.h"

namespace rhizo::table {

// The live cells of one patch.
struct OpenPatch {
  FieldId field = 0;
  model::Type type;
  model::PositionSet cells;           // all that the patch has, dead and hidden ones too
  std::vector<uint32_t> slots;        // live and visible ones, rising
  std::vector<uint32_t> value_index;  // parallel to slots: row of `values`
  duckdb::Vector values;              // flat, in the patch's type
};

struct Overlay {
  model::PositionSet visible;
  model::RunList runs;
  std::vector<OpenPatch> patches;  // as in the entry
};

// Reads and checks all objects of an entry's overlay. kCorruption if a patch is not of its field,
// reaches beyond the segment, has no live cell, or two cells of a row are live.
Result<std::shared_ptr<const Overlay>> LoadOverlay(const ReadContext& context,
                                                   const model::SegmentEntry& entry);

// An overlay that is loaded on first use. Thread-safe.
class OverlaySlot {
 public:
  Result<std::shared_ptr<const Overlay>> Get(const ReadContext& context,
                                             const model::SegmentEntry& entry);

 private:
  std::mutex mutex_;
  std::shared_ptr<const Overlay> overlay_;
};

}  // namespace rhizo::table
