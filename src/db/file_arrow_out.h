// An Arrow stream into an Arrow IPC file or stream, uncompressed.
#pragma once

#include <string>

#include "base/result.h"
#include "rhizo/arrow_c_data.h"
#include "rhizo/cancellation.h"

namespace rhizo::db {

enum class ArrowFileKind { kFile, kStream };

// Takes `rows` over; writes into the existing file `path`; returns how many rows. kUnsupported for
// types that the format writer lacks (dictionaries).
Result<uint64_t> WriteArrowFile(ArrowArrayStream* rows, const std::string& path, ArrowFileKind kind,
                                const WorkOptions& work);

}  // namespace rhizo::db
