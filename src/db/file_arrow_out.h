// An Arrow stream into an Arrow IPC file or stream, uncompressed.
#pragma once

#include <string>

#include "base/result.h"
#include "rhizo/arrow_c_data.h"
#include "rhizo/cancellation.h"
#include "sql/session_engine.h"

namespace rhizo::db {

enum class ArrowFileKind { kFile, kStream };

// Takes `rows` over; writes into the existing file `path`; returns how many rows. kUnsupported for
// types that the format writer lacks (dictionaries).
Result<uint64_t> WriteArrowFile(ArrowArrayStream* rows, const std::string& path, ArrowFileKind kind,
                                const WorkOptions& work);

// The rows of a query as the writer takes them: dictionaries become the values they stand for.
Status ExportPlain(sql::RunningQuery* query, ArrowArrayStream* out);

}  // namespace rhizo::db
