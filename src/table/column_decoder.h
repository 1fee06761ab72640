// Reads what ColumnEncoder writes. Takes hostile bytes: memory is bounded by the input and
// kMaxArrayItems, only the canonical encoding is accepted, text is valid UTF-8, enum values and
// union tags exist.
#pragma once

#include "base/coding.h"
#include "engine/duckdb_headers.h"
#include "model/type.h"

namespace rhizo::table {

// Whether a vector of `rows` rows may be made for `type` (before any byte was read).
bool IsDecodable(const model::Type& type, uint64_t rows);

// Fills rows 0 .. rows-1 of `out`, a fresh flat vector of the type's engine form with that
// capacity. Faults fail the decoder.
void DecodeColumn(const model::Type& type, Decoder* decoder, uint64_t rows, duckdb::Vector* out);

}  // namespace rhizo::table
