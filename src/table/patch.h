// New values of one field for some rows of one segment.
//
//   header   6 bytes, kind 3
//   u32      field id
//   type     as in schemas
//   bytes    length-prefixed position set: the slots, at least one
//   u8       0 plain: the column of the values, in the order of their slots
//            1 zstd: u32 version of the library, varint length, then that column compressed
// Columns above 4 KiB are compressed where that is shorter. zstd's output may differ between
// releases: the id is that of what was written.
#pragma once

#include <string>

#include "base/result.h"
#include "engine/duckdb_headers.h"
#include "model/position_set.h"
#include "model/type.h"
#include "object/object_reader.h"

namespace rhizo::table {

// `values`: one row per slot, in the order of the slots.
std::string EncodePatch(FieldId field, const model::Type& type, const model::PositionSet& slots,
                        duckdb::Vector& values);

struct Patch {
  FieldId field = 0;
  model::Type type;
  model::PositionSet slots;
  duckdb::Vector values;  // flat, slots.size() rows
};

// Takes hostile bytes.
Result<Patch> DecodePatch(std::string_view bytes);

}  // namespace rhizo::table
